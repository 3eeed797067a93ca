#!/bin/sh
# Makes sure that Java 17 (with its compiler), Maven and flock are there: installs them on Debian as root,
# and otherwise says in one line what is missing.
set -eu
missing=
command -v javac >/dev/null || missing="$missing default-jdk-headless"
command -v mvn >/dev/null || missing="$missing maven"
command -v flock >/dev/null || missing="$missing util-linux"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "real Kafka for the tests needs these Debian packages (or the like):$missing" >&2
	exit 1
fi
echo "installing$missing"
apt-get -o DPkg::Lock::Timeout=300 update -qq
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null
