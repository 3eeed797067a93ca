#!/bin/sh
# Builds everything that a release publishes from the same commit in two folders, and compares the files.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for name in one a-folder-with-another-name; do
	git clone --quiet . "$dir/$name"
	make --no-print-directory --directory="$dir/$name" snapshot
	(cd "$dir/$name" && find dist dist-chart -type f \( -path 'dist/oci/*' -o -path 'dist/lagscaler_*' -o -name checksums.txt \
		-o -name '*.cdx.json' -o -path 'dist/krew/*' -o -name '*.tgz' \) -print0 | sort -z | xargs -0 sha256sum) >"$dir/$name.sums"
done
[ -s "$dir/one.sums" ]
diff "$dir/one.sums" "$dir/a-folder-with-another-name.sums"
echo "reproducible: $(wc -l <"$dir/one.sums") files are equal in both builds"
