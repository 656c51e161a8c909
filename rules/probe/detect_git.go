package probe

var gitDetectors []Detector
