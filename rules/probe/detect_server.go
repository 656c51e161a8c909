package probe

var serverDetectors []Detector
