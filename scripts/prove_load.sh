#!/usr/bin/env bash
# Puts the load on Scrip that it must bear and verifies what came of it; options go to `bench prove`, such as `--part tx6`
# or `--scale 0.01`. Builds both with the release profile.
set -euo pipefail
cd "$(dirname "$0")/.."

# Two connections of each of a thousand users, and those of a spike, on either side.
ulimit -n 8192
cargo build --release --package server --package bench
target/release/bench prove "$@"
