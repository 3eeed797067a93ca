package main

import (
	"errors"

	"github.com/lagscaler/lagscaler/internal/config"
	"github.com/lagscaler/lagscaler/internal/daemon"
	"github.com/lagscaler/lagscaler/internal/demo"
)

// wrong marks an error in the flags, arguments or files of the user.
type wrong struct{ error }

func (w wrong) Unwrap() error { return w.error }

// exceeded ends a command with exitFailed without another message.
type exceeded struct{}

func (exceeded) Error() string { return "exceeded" }

// unsure ends a command with exitUnsure without another message.
type unsure struct{}

func (unsure) Error() string { return "unknown" }

// alreadySaid reports whether a command has already said why it ends.
func alreadySaid(err error) bool {
	var failed exceeded
	var unknown unsure
	return errors.As(err, &failed) || errors.As(err, &unknown)
}

func exitCode(err error) int {
	var unknown unsure
	if errors.As(err, &unknown) {
		return exitUnsure
	}
	var user wrong
	var problems *config.Problems
	var configuration daemon.ConfigError
	var usage demo.UsageError
	if errors.As(err, &user) || errors.As(err, &problems) || errors.As(err, &configuration) || errors.As(err, &usage) {
		return exitWrong
	}
	return exitFailed
}
