#!/bin/sh
# Resolves the jars of one pom into DIR/libs, once per content of the pom.
# Usage: kafka-fetch.sh POM DIR (the caller holds a lock on Maven)
set -eu
pom=$1 dir=$2
stamp=$dir/pom-$(sha256sum "$pom" | cut -c 1-16)
[ -e "$stamp" ] && [ -d "$dir/libs" ] && exit 0

echo "fetching the jars of $pom into $dir/libs"
rm -rf "$dir/fetching"
mvn -q -B -f "$pom" dependency:copy-dependencies -DoutputDirectory="$dir/fetching"
rm -rf "$dir"/pom-* "$dir/libs"
mv "$dir/fetching" "$dir/libs"
touch "$stamp"
