package facts

var practiceScanners []scanner
