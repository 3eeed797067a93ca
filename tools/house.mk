# The names that users rely on, see internal/frozen.

.PHONY: freeze

## freeze: add the names that are new to the frozen lists; before a release
freeze:
	LAGSCALER_FREEZE=1 go test -count=1 -run '^TestFrozen' ./...
