package main

import (
	"errors"

	"github.com/lagscaler/lagscaler/internal/config"
)

// wrong marks an error of what the user wrote: flags, arguments, files.
type wrong struct{ error }

func (w wrong) Unwrap() error { return w.error }

// exceeded ends a command with exitFailed when everything there is to say was said already.
type exceeded struct{}

func (exceeded) Error() string { return "exceeded" }

func exitCode(err error) int {
	var user wrong
	var problems *config.Problems
	if errors.As(err, &user) || errors.As(err, &problems) {
		return exitWrong
	}
	return exitFailed
}
