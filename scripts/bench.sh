#!/usr/bin/env bash
# Measures Scrip beside what people use instead, on this machine, in one run; options go to `bench table`.
# Builds both with the release profile, starts what they need and ends it again.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/need.sh redis
cargo build --release --package server --package bench
target/release/bench table "$@"
