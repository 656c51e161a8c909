package facts

var codeScanners []scanner

var codeDocuments []document
