package probe

import (
	"fmt"
)

var codeDetectors = []Detector{
	{Name: "main-language", Doc: "A hand-written source file in a general-purpose language; the evidence names the main language and its share.", Judge: mainLanguage},
}

func mainLanguage(in *Input) Result {
	ls := in.Repo.Languages()
	if len(ls) == 0 {
		return Result{Status: Missing}
	}
	l := ls[0]
	return Result{
		Status:   Met,
		Evidence: []Evidence{{Path: l.File.Path, Note: fmt.Sprintf("%s, %.0f %% of the code", l.Lang, 100*l.Share)}},
	}
}
