#!/bin/sh
# Usage: chart-package.sh FOLDER VERSION SECONDS
# Writes FOLDER/lagscaler-VERSION.tgz. The time of its files is SECONDS since 1970, so that two builds of a commit are equal.
set -eu
rm -rf "$1"
SOURCE_DATE_EPOCH="$3" helm package charts/lagscaler --destination "$1" --version "$2" --app-version "$2"
touch --date="@$3" "$1"/*.tgz # helm push writes it into the manifest
