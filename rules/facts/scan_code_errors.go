package facts

var errorScanners []scanner
