#!/bin/sh
# Builds Prometheus and promtool into OUT, without what finds targets in clouds: the tests name theirs.
# Usage, from this folder: build.sh OUT
set -eu
out=$1
version=$(go list -m -f '{{.Version}}' github.com/prometheus/prometheus) # v0.315.0 is Prometheus 3.15.0
minor=${version#v0.} patch=${minor#*.} minor=${minor%%.*}
go build -trimpath -tags remove_all_sd -o "$out/" \
	-ldflags "-s -w -X github.com/prometheus/common/version.Version=$((minor / 100)).$((minor % 100)).$patch" \
	github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool
