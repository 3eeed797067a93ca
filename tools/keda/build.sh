#!/bin/sh
# Builds KEDA's operator and its metrics adapter into OUT, with their CRDs. The file version names the version.
# Usage, from this folder: build.sh OUT
set -eu
out=$1 version=$(cat version)

# KEDA's go.mod has replaces, which `go install` refuses: it is built in the folder of its own module.
dir=$(cd "$out" && go mod download -json "github.com/kedacore/keda/v2@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
for program in operator adapter; do
	GOWORK=off go -C "$dir" build -trimpath -ldflags "-s -w -X github.com/kedacore/keda/v2/version.Version=${version#v}" \
		-o "$out/keda-$program" "./cmd/$program"
done
mkdir "$out/crds"
install -m 644 "$dir"/config/crd/bases/*.yaml "$out/crds/"
