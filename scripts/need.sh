#!/usr/bin/env bash
# Makes sure that what the build and the tests need is there; quiet about what is. Installs only what is missing: a C
# compiler (for the bundled SQLite) and Redis (to compare with) with apt-get if it may, cargo-nextest and cargo-fuzz with cargo.
set -euo pipefail

missing=()

has() { command -v "$1" >/dev/null 2>&1; }

need_rust() {
  has cargo && has rustc || missing+=("Rust 1.95 or newer (https://rustup.rs)")
}

# With Debian's packages, if it may: what it is for, and which. Debian starts a service with its package unless RUNLEVEL says 1.
apt() {
  has apt-get && [ "$(id -u)" = 0 ] || return 1
  echo "installing $1"
  apt-get update -qq && RUNLEVEL=1 apt-get install -qq -y --no-install-recommends "${@:2}" >/dev/null
}

need_c_compiler() {
  has cc || apt "a C compiler" gcc libc6-dev && return
  missing+=("a C compiler (for example: sudo apt-get install gcc libc6-dev)")
}

need_redis() {
  has redis-server || apt "redis-server, which Scrip is compared with" redis-server && return
  missing+=("redis-server (for example: sudo apt-get install redis-server)")
}

with_cargo() {
  echo "installing $1, $2"
  cargo install "$1" --locked --quiet
}

need_nextest() {
  has cargo || return 0
  has cargo-nextest || with_cargo cargo-nextest "which runs the tests" && return
  missing+=("cargo-nextest (cargo install cargo-nextest --locked)")
}

need_fuzz() {
  has cargo || return 0
  has cargo-fuzz || with_cargo cargo-fuzz "which builds and runs the fuzz targets" && return
  missing+=("cargo-fuzz (cargo install cargo-fuzz --locked)")
}

need_rust
need_c_compiler
for what in "$@"; do
  case "$what" in
    nextest) need_nextest ;;
    redis) need_redis ;;
    fuzz) need_fuzz ;;
    *) echo "$0: does not know how to get '$what'" >&2; exit 2 ;;
  esac
done

if [ ${#missing[@]} -gt 0 ]; then
  printf 'missing: %s\n' "${missing[@]}" >&2
  exit 1
fi
