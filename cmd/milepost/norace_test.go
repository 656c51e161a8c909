//go:build !race

package main

// raced says that memory is not what it is in the program that people run.
const raced = false
