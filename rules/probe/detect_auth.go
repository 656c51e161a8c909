package probe

var authDetectors []Detector
