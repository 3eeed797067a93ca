#!/bin/sh
# Usage: debian.sh WHO COMMAND=PACKAGE[,PACKAGE...] ...
# Installs the packages of the commands that are missing. This works as root on Debian; elsewhere it prints one line that says what WHO
# needs.
set -eu
who="$1" missing=
shift
for one in "$@"; do
	command -v "${one%%=*}" >/dev/null || missing="$missing $(echo "${one#*=}" | tr , ' ')"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "$who needs these Debian packages, or similar ones:$missing" >&2
	exit 1
fi
echo "installing$missing"
apt-get -o DPkg::Lock::Timeout=300 update -qq
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null
