package facts

var testScanners []scanner
