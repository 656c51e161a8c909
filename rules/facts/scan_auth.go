package facts

var authScanners []scanner

var authDocuments []document
