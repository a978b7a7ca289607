// Package day is a clerk's day through the real window: keys and the pointer go
// in as from a hand, what is seen comes out of a dump that the test build writes
// (build tag daytest). It waits on conditions, never on time; a failure prints
// its seed and its steps and leaves a picture in out/day.
package day
