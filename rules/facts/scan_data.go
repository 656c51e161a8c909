package facts

import "slices"

var dataScanners = slices.Concat(sqlScanners, schemaScanners, goTagScanners, databaseScanners, modelScanners,
	scannersOf(schemaMarks()), scannersOf(indexMarks()), scannersOf(databaseMarks()), scannersOf(modelMarks()))

var dataDocuments []document
