#!/usr/bin/env bash
# Makes sure that what the build and the tests need is there; quiet about what is. Installs only what is missing: a C
# compiler (for the bundled SQLite) and Redis (to compare with) with apt-get if it may, cargo-nextest and cargo-fuzz with cargo.
set -euo pipefail

missing=()

has() { command -v "$1" >/dev/null 2>&1; }

need_rust() {
  has cargo && has rustc || missing+=("Rust 1.95 or newer (https://rustup.rs)")
}

need_c_compiler() {
  has cc && return
  if has apt-get && [ "$(id -u)" = 0 ]; then
    echo "installing a C compiler"
    apt-get update -qq && apt-get install -qq -y --no-install-recommends gcc libc6-dev >/dev/null && return
  fi
  missing+=("a C compiler (for example: sudo apt-get install gcc libc6-dev)")
}

need_redis() {
  has redis-server && return
  if has apt-get && [ "$(id -u)" = 0 ]; then
    echo "installing redis-server, which Scrip is compared with"
    # Debian starts a service with the package; it is not wanted.
    apt-get update -qq && RUNLEVEL=1 apt-get install -qq -y --no-install-recommends redis-server >/dev/null && return
  fi
  missing+=("redis-server (for example: sudo apt-get install redis-server)")
}

need_nextest() {
  has cargo || return 0
  has cargo-nextest && return
  echo "installing cargo-nextest, which runs the tests"
  cargo install cargo-nextest --locked --quiet && return
  missing+=("cargo-nextest (cargo install cargo-nextest --locked)")
}

need_fuzz() {
  has cargo || return 0
  has cargo-fuzz && return
  echo "installing cargo-fuzz, which builds and runs the fuzz targets"
  cargo install cargo-fuzz --locked --quiet && return
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
