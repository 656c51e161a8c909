package facts

var dataScanners []scanner

var dataDocuments []document
