package main

import (
	"time"

	"fyne.io/fyne/v2"
)

// A dispatcher runs functions on the window's goroutine, later. Nothing else in
// the program may reach the window from another goroutine: its maps have no locks.
type dispatcher func(func())

// fyneDispatcher is the dispatcher of the real window.
func fyneDispatcher(f func()) { fyne.Do(f) }

// wait runs f on the window's goroutine and returns when it has run. It must not
// be called there.
func (p dispatcher) wait(f func()) {
	done := make(chan struct{})
	p(func() {
		defer close(done)
		f()
	})
	<-done
}

// after runs f on the window's goroutine after d, unless stop is called before.
func (p dispatcher) after(d time.Duration, f func()) (stop func()) {
	stopped := false // read and written on the window's goroutine
	t := time.AfterFunc(d, func() {
		p(func() {
			if !stopped {
				f()
			}
		})
	})
	return func() {
		stopped = true
		t.Stop()
	}
}

// every runs f on the window's goroutine every d until stop is called.
func (p dispatcher) every(d time.Duration, f func()) (stop func()) {
	return ticker(d, func() { p(f) })
}

// ticker calls f every d on a goroutine of its own until stop is called.
func ticker(d time.Duration, f func()) (stop func()) {
	t, end := time.NewTicker(d), make(chan struct{})
	go func() {
		defer t.Stop()
		for {
			select {
			case <-t.C:
				f()
			case <-end:
				return
			}
		}
	}()
	return func() { close(end) }
}
