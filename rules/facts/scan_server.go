package facts

var serverScanners []scanner

var serverDocuments []document
