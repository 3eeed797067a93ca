#!/bin/sh
# Writes the table of docs/dependencies.md: the modules with the most code and constants in the program, by the symbols of a build
# for linux/amd64. The line tables for stack traces and the data of the linker belong to no module and are not counted.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -o "$dir/lagscaler" ./cmd/lagscaler
go version -m "$dir/lagscaler" | awk '$1 == "dep" || $1 == "mod" {print $2}' >"$dir/modules"
go tool nm -size "$dir/lagscaler" 2>/dev/null | awk -v modules="$dir/modules" '
	BEGIN { while ((getline m < modules) > 0) module[m] = 1 }
	$3 ~ /[TtRr]/ {
		size = $2; name = $4
		sub(/^(type|go):[.a-z:]*/, "", name)
		if ($4 ~ /^(runtime\.(findfunctab|typelink|itablink)|go:func)/) next
		path = name; part_name = ""
		sub(/[.(*\[{ ]*$/, "", path)
		while (path != "") {
			if (path in module) { part_name = path; break }
			if (!sub(/[\/.(*\[{ ,][^\/.(*\[{ ,]*$/, "", path)) break
		}
		if (part_name == "") part_name = name ~ /^[*\[\]]*[a-z0-9]+\.[a-z]+\// ? "types of several modules" : "the Go standard library"
		part[part_name] += size
	}
	END { for (p in part) printf "%.1f\t%s\n", part[p] / 1e6, p }' | sort -rn | head -n 10 |
	awk -F '\t' 'BEGIN { print "| part | code and constants, MB |\n|---|---|" } { print "| " $2 " | " $1 " |" }' >"$dir/table"
awk -v table="$dir/table" '
	/^<!-- size -->$/ { print; print ""; while ((getline line < table) > 0) print line; print ""; skip = 1; next }
	/^<!-- end of size -->$/ { skip = 0 }
	!skip' docs/dependencies.md >"$dir/new"
cp "$dir/new" docs/dependencies.md
