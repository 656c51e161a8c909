package probe

var codeProjectDetectors []Detector
