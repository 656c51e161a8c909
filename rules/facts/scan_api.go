package facts

var apiScanners []scanner

var apiDocuments []document
