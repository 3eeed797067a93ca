#!/bin/sh
# Installs Java (with its compiler), Maven and flock if they are missing. This works as root on Debian; elsewhere it prints
# one line that says what is missing.
set -eu
missing=
command -v javac >/dev/null || missing="$missing default-jdk-headless"
command -v mvn >/dev/null || missing="$missing maven"
command -v flock >/dev/null || missing="$missing util-linux"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "the tests with real Kafka need these Debian packages, or similar ones:$missing" >&2
	exit 1
fi
echo "installing$missing"
apt-get -o DPkg::Lock::Timeout=300 update -qq
# shellcheck disable=SC2086 # a list of packages
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $missing >/dev/null
