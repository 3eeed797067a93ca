# Fuzzing. Go runs one target at a time. It writes an input that fails to testdata/fuzz of the package: commit it, it is a seed
# of every later test. FuzzChain goes from the answers of brokers to the decision, so it needs more time than a decoder.

.PHONY: fuzz

FUZZTIME ?= 30s
CHAINTIME ?= $(FUZZTIME)
# An input that reaches new code is made shorter, by default for up to a minute: most of the time would go there.
FUZZFLAGS ?= -fuzzminimizetime=10x

## fuzz: run every fuzz target, each for FUZZTIME, and the one of all packages together for CHAINTIME (FUZZTIME=2m CHAINTIME=10m)
fuzz:
	@for package in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			time=$(FUZZTIME); test $$target != FuzzChain || time=$(CHAINTIME); \
			sh '$(TOOLS)fuzz.sh' $$package $$target $$time $(FUZZFLAGS); \
		done; \
	done
