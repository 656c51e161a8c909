package facts

var toolScanners []scanner
