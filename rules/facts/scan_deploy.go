package facts

var deployScanners []scanner

var deployDocuments []document
