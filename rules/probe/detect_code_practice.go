package probe

var codePracticeDetectors []Detector
