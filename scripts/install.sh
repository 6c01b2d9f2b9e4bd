#!/bin/sh
# Installs sera on Linux: picks the archive for this machine, checks its SHA-256, and unpacks it into /usr/local (root)
# or ~/.local (others). Nothing is installed unless the sum is right and the program runs.
#
#   sh install.sh [--prefix FOLDER] [--from URL]
#
# It needs tar, xz, sha256sum, and curl or wget.
set -eu
VERSION=0.0.0
FROM=${SERA_INSTALL_FROM:-https://sera.example/releases/$VERSION}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

main() {
  prefix=
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix) prefix=${2:?install.sh: --prefix needs a folder} ;;
      --from) FROM=${2:?install.sh: --from needs a URL} ;;
      *) fail "unknown argument $1; usage: sh install.sh [--prefix FOLDER] [--from URL]" ;;
    esac
    shift 2
  done
  if [ -z "$prefix" ]; then
    if [ "$(id -u)" = 0 ]; then prefix=/usr/local; else prefix=${HOME:?}/.local; fi
  fi
  target=$(target)
  name=sera-$VERSION-$target
  for tool in tar xz sha256sum; do
    command -v $tool >/dev/null || fail "$tool is not installed; install it and run this again"
  done
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  fetch "$name.tar.xz"
  fetch SHA256SUMS
  verify "$name.tar.xz"
  tar -C "$folder" -xJf "$folder/$name.tar.xz"
  problem=$("$folder/$name/bin/sera" --version 2>&1 >/dev/null) || fail "sera for $target does not run here: $problem"
  install_tree "$folder/$name" "$prefix"
  echo "sera $VERSION ($target) is installed: $prefix/bin/sera"
  case :$PATH: in *":$prefix/bin:"*) ;; *) echo "Add $prefix/bin to PATH." ;; esac
}

target() {
  [ "$(uname -s)" = Linux ] || fail "sera runs on Linux, not on $(uname -s)"
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 glibc=/lib64/ld-linux-x86-64.so.2 musl=/lib/ld-musl-x86_64.so.1 ;;
    aarch64 | arm64) cpu=arm64 glibc=/lib/ld-linux-aarch64.so.1 musl=/lib/ld-musl-aarch64.so.1 ;;
    *) fail "there is no sera for the processor $(uname -m); on Node: npm install --global sera" ;;
  esac
  if [ -e "$glibc" ]; then
    echo "linux-$cpu"
  elif [ -e "$musl" ]; then
    [ -e "/usr/lib/libstdc++.so.6" ] || [ -e "/lib/libstdc++.so.6" ] ||
      fail 'libstdc++ is not installed; on Alpine: apk add libstdc++'
    echo "linux-$cpu-musl"
  else
    fail "no C library found ($glibc or $musl); on Node: npm install --global sera"
  fi
}

fetch() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --output "$folder/$1" "$FROM/$1" || fail "$FROM/$1 could not be downloaded"
  elif command -v wget >/dev/null; then
    wget -q -O "$folder/$1" "$FROM/$1" || fail "$FROM/$1 could not be downloaded"
  else
    fail 'neither curl nor wget is installed; install one and run this again'
  fi
}

verify() {
  sum=$(sed -n "s/^\([0-9a-f]\{64\}\)  $1\$/\1/p" "$folder/SHA256SUMS")
  [ -n "$sum" ] || fail "SHA256SUMS does not list $1"
  echo "$sum  $folder/$1" | sha256sum -c >/dev/null 2>&1 ||
    fail "$1 has the wrong SHA-256 and is not installed; download it again, or report it"
}

install_tree() { # install_tree FROM TO
  (cd "$1" && find . -type f) | while read -r file; do
    mkdir -p "$2/${file%/*}"
    # a rename: a sera that runs continues
    cp -p "$1/$file" "$2/$file.new" && mv -f "$2/$file.new" "$2/$file"
  done || fail "could not write to $2; run this as root, or with --prefix"
}

main "$@"
