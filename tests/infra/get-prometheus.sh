#!/bin/sh
# Put prometheus and promtool below a folder, from Debian's own package; needs no root and installs nothing.
#
#   get-prometheus.sh FOLDER
set -eu
mkdir -p "$1"
into=$(cd "$1" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fetch() {
    apt-get -qq -o APT::Sandbox::User=root -o Dir::Cache="$scratch/cache" "$@"
}

cd "$scratch"
mkdir -p cache/archives/partial lists/partial
if ! fetch download prometheus 2>/dev/null; then
    # A fresh machine has no lists of packages, and only root could fetch them to where they belong.
    fetch -o Dir::State::lists="$scratch/lists" update
    fetch -o Dir::State::lists="$scratch/lists" download prometheus
fi
dpkg-deb --extract prometheus_*.deb unpacked
cp unpacked/usr/bin/prometheus unpacked/usr/bin/promtool "$into"
