package probe

var apiDetectors []Detector
