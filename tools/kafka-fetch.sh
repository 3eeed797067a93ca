#!/bin/sh
# Downloads the jar files of one pom into DIR/libs. Does nothing if the pom has not changed since.
# Usage: kafka-fetch.sh POM DIR (the caller must hold the lock of Maven)
set -eu
pom=$1 dir=$2
stamp=$dir/pom-$(sha256sum "$pom" | cut -c 1-16)
[ -e "$stamp" ] && [ -d "$dir/libs" ] && exit 0

echo "downloading the jar files of $pom into $dir/libs"
rm -rf "$dir/fetching"
mvn -q -B -f "$pom" dependency:copy-dependencies -DoutputDirectory="$dir/fetching"
rm -rf "$dir"/pom-* "$dir/libs"
mv "$dir/fetching" "$dir/libs"
touch "$stamp"
