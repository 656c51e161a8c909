package facts

var gitScanners []scanner

var gitDocuments []document
