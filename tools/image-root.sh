#!/bin/sh
# Usage: image-root.sh FOLDER SECONDS
# Writes FOLDER/rootfs, the files of the image beside the program. Their time is SECONDS since 1970, so that two builds of a commit
# give the same layers.
set -eu
root="$1/rootfs" time="@$2"
authorities=/etc/ssl/certs/ca-certificates.crt zones="$(go env GOROOT)/lib/time/zoneinfo.zip"
for file in "$authorities" "$zones"; do
	[ -f "$file" ] || { echo "image: $file is missing (Debian: ca-certificates; Go: its folder lib/time)" >&2; exit 1; }
done
rm -rf "$root"
mkdir -p "$root/etc/ssl/certs" "$root/usr/share/zoneinfo-go" "$root/licenses" "$root/tmp"
cp LICENSE THIRD_PARTY_NOTICES "$root/licenses/"
cp "$authorities" "$root/etc/ssl/certs/ca-certificates.crt"
cp "$zones" "$root/usr/share/zoneinfo-go/zoneinfo.zip"
echo 'nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin' >"$root/etc/passwd"
find "$root" -type d -exec chmod 755 {} +
find "$root" -type f -exec chmod 644 {} +
chmod 1777 "$root/tmp"
find "$root" -exec touch --no-dereference --date="$time" {} +
