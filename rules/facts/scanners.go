package facts

import "slices"

// builtin lists the scanners of all steps.
func builtin() []scanner {
	return slices.Concat(sharedScanners, codeScanners, dataScanners, serverScanners, apiScanners, authScanners, gitScanners, deployScanners)
}

// documents lists the readers of whole files.
func documents() []document { return documentReaders }

var documentReaders = slices.Concat(sharedDocuments, codeDocuments, dataDocuments, serverDocuments, apiDocuments, authDocuments, gitDocuments, deployDocuments)
