package probe

var dataDetectors []Detector
