#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# From a fresh Debian 12 to a first result.  Installs what is missing, builds in build/ beside this
# file, then trains the classifier (results in build/train-Cr) or, with `check`, runs all tests.
set -eu
unset CDPATH SILVERBAR_DATA

packages="gcc libc6-dev make autoconf automake libtool pkg-config libngspice0-dev ngspice gnuplot-nox libgsl-dev
    libjansson-dev libmd-dev libsundials-dev libsuitesparse-dev libcmocka-dev
    libyaml-dev libsqlite3-dev zlib1g-dev libopenblas-serial-dev libprotobuf-c-dev protobuf-c-compiler
    libjs-dygraphs"

usage="Usage: sh quickstart.sh [check]
  (nothing)  install what is missing, build, train the classifier, print the table
  check      install what is missing, build, run all tests"

say() {
    echo "quickstart.sh: $*"
}

die() { # STATUS MESSAGE...
    status=$1
    shift
    say "$*" >&2
    exit "$status"
}

step() { # NAME COMMAND...: its output goes to a log, shown when it fails
    name=$1
    shift
    say "$name"
    "$@" >"$log" 2>&1 </dev/null && return
    tail -n 40 "$log" >&2
    die 1 "$name: failed; all it said is in $log"
}

missing_packages() {
    for package in $packages; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=
        [ "$state" = installed ] || printf ' %s' "$package"
    done
}

install_packages() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    as_root=
    if ! command -v apt-get >/dev/null; then
        die 2 "no apt-get here; install what Debian 12 calls:$missing"
    elif [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die 2 "neither root nor sudo; let root install:$missing"
        as_root=sudo
    fi
    step "reading the package lists" $as_root apt-get -o DPkg::Lock::Timeout=300 update
    # shellcheck disable=SC2086 # the words of the list are the packages
    step "installing$missing" $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing
}

newer() { # FILE THAN: or THAN is not there
    [ ! -e "$2" ] || [ -n "$(find "$1" -newer "$2")" ]
}

build() {
    if newer configure.ac configure || newer Makefile.am Makefile.in; then
        step "making configure" autoreconf -i
    fi
    made_for=$(sed -n 's/^abs_top_srcdir = //p' build/Makefile 2>/dev/null) || made_for=
    cd build
    [ "$made_for" = "$here" ] || step "configuring" ../configure
    step "building" make -j "$jobs"
}

case $#:${1-} in
0:) mode=train ;;
1:check) mode=check ;;
1:-h | 1:--help) echo "$usage" && exit ;;
*) echo "$usage" >&2 && exit 2 ;;
esac

here=$(cd "$(dirname -- "$0")" && pwd)
cd "$here"
jobs=$(nproc)
log=$here/build/quickstart.log
# of another place: its objects name that place
if [ -f build/Makefile ] && ! grep -Fqx "abs_top_srcdir = $here" build/Makefile; then
    rm -rf build
fi
mkdir -p build || die 1 "$here/build: cannot be made"
install_packages
build
if [ $mode = check ]; then
    say "testing"
    exec sh "$here/tests/run" "$here/build"
fi
results=$here/build/train-Cr
rm -rf "$results"
say "training"
./silverbar train -o "$results" || die 1 "silverbar train: failed"
