#!/bin/sh
# Makes a Debian machine with Node.js and npm ready for the npm script that calls this: Debian packages, npm packages
# (Node 24 is one of them), the test guest's packages. Does nothing, and needs no network, when all is there.
#
#   sh scripts/set-up.sh npm     npm packages only
#   sh scripts/set-up.sh page    and the web page
#   sh scripts/set-up.sh guest   and what running guests needs, the demo's included, and the web page
#   sh scripts/set-up.sh all     and what only tests and bench need
#
# Writes to standard error only.
set -eu
exec 1>&2
cd "$(dirname "$0")/.."

RUN='qemu-system-x86 qemu-utils seabios ipxe-qemu ovmf swtpm swtpm-tools iproute2 openssl'
GUEST='busybox-static cpio e2fsprogs libnbd-bin'
TESTS='nbdkit zstd socat rsync nftables lvm2 sblim-wbemcli wsl uuid-runtime python3-winrm chromium fonts-dejavu-core prometheus systemd mandoc zsh fish'

scope=${1:-all}
case $scope in
  npm | page) packages='' ;;
  guest) packages="$RUN $GUEST" ;;
  all) packages="$RUN $GUEST $TESTS" ;;
  *) echo "set-up.sh: npm, page, guest or all, not $scope"; exit 2 ;;
esac

fail() {
  echo "set-up: $1"
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo > /dev/null; then sudo "$@"
  else fail "installing packages needs root: run this as root, or by hand: apt-get install$missing"
  fi
}

require_debian() {
  command -v apt-get > /dev/null || fail "this machine has no apt-get. On Debian 12 set-up is automatic; elsewhere install:$1"
}

# Packages of $packages that are not installed.
missing_packages() {
  missing=''
  for each in $packages; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$each" 2> /dev/null) || status=none
    [ "$status" = installed ] || missing="$missing $each"
  done
}

update_lists() {
  [ -z "${lists_updated:-}" ] || return 0
  as_root apt-get -q update || fail 'apt-get update failed: is the network there?'
  lists_updated=yes
}

install_packages() {
  [ -n "$packages" ] || return 0
  require_debian " $packages"
  missing_packages
  [ -n "$missing" ] || return 0
  echo "set-up: installing$missing"
  update_lists
  # shellcheck disable=SC2086 # a list of words
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends $missing < /dev/null || fail "apt-get could not install$missing"
}

# Fetches a package's file for the test guest; nothing of it is installed here.
fetch_package() {
  (cd .cache/debs && apt-get -q download "$1" > /dev/null 2>&1)
}

# The metapackage of Debian's cloud kernel depends on the kernel of the day.
kernel_package() {
  apt-cache depends linux-image-cloud-amd64 2> /dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*-cloud-amd64\)$/\1/p' | head -n 1
}

fetch_guest_packages() {
  fetch_package "$(kernel_package)" && fetch_package qemu-guest-agent
}

prepare_guest() {
  case $scope in npm | page) return 0 ;; esac
  # complete is written last: an interrupted download is fetched again.
  [ ! -e .cache/debs/complete ] || return 0
  echo 'set-up: fetching the kernel and the guest agent of the test guest'
  missing=''
  mkdir -p .cache/debs
  rm -f .cache/debs/*.deb
  fetch_guest_packages || { update_lists; fetch_guest_packages; } || fail 'the test guest needs linux-image-cloud-amd64 and qemu-guest-agent from Debian: is the network there?'
  touch .cache/debs/complete
}

# True when node_modules is what package-lock.json says. A copy of the lock file is the proof that it was; without one
# (somebody ran npm by hand) npm itself is asked.
npm_packages_are_there() {
  [ -x node_modules/.bin/node ] || return 1
  cmp -s package-lock.json node_modules/.understudy-lock && return 0
  npm ls --loglevel=silent > /dev/null 2>&1
}

install_npm_packages() {
  if ! npm_packages_are_there; then
    [ "$(uname -sm)" = 'Linux x86_64' ] || fail "Understudy runs on Linux on x86-64, not on $(uname -sm)"
    echo 'set-up: installing npm packages'
    # Called by npm, which hands down its own settings; this one must be heard.
    npm ci --loglevel=error --no-audit --no-fund || fail 'npm ci failed: is the network there?'
  fi
  cmp -s package-lock.json node_modules/.understudy-lock || cp package-lock.json node_modules/.understudy-lock
}

# The build names the files that it was made of. Node 24 is first in the path of npm's scripts; here it may not be.
build_page() {
  [ "$scope" != npm ] || return 0
  sha256sum --check --status web/dist/.built-from 2> /dev/null && return 0
  echo 'set-up: building the web page'
  PATH="$PWD/node_modules/.bin:$PATH" vite build web --logLevel warn || fail 'the web page could not be built (npm run page)'
}

install_packages
install_npm_packages
prepare_guest
build_page
