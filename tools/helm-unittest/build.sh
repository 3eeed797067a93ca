#!/bin/sh
# Builds helm-unittest into OUT.
# Usage, from this folder: build.sh OUT
set -eu
go build -trimpath -ldflags '-s -w' -o "$1/" github.com/helm-unittest/helm-unittest/cmd/helm-unittest
