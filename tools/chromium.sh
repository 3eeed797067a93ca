#!/bin/sh
# Installs Chromium for the tests of the web UI if it is missing. This works as root on Debian; elsewhere it prints one line
# that says what is missing.
set -eu
command -v chromium >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "the tests of the web UI need chromium on the PATH (Debian: chromium and fonts-liberation)" >&2
	exit 1
fi
echo "installing chromium"
apt-get -o DPkg::Lock::Timeout=300 update -qq
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends \
	chromium fonts-liberation >/dev/null
