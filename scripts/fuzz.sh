#!/usr/bin/env bash
# Runs every fuzz target (a file in fuzz/src/bin) for so many seconds each: scripts/fuzz.sh 60
set -euo pipefail
cd "$(dirname "$0")/.."

seconds_each=${1:-60}

if ! cargo +nightly --version >/dev/null 2>&1; then
  echo "fuzzing needs a nightly compiler: rustup toolchain install nightly" >&2
  exit 1
fi
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
  echo "fuzzing needs cargo-fuzz: cargo install cargo-fuzz --locked" >&2
  exit 1
fi

for file in fuzz/src/bin/*.rs; do
  target=$(basename "$file" .rs)
  echo "fuzzing $target for $seconds_each s"
  cargo +nightly fuzz run "$target" -- -max_total_time="$seconds_each"
done
