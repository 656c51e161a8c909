package probe

var deployDetectors []Detector
