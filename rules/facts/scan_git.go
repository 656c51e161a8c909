package facts

var gitScanners []scanner

var gitDocuments = []document{
	{applies: isReadme, scan: scanReadme},
}
