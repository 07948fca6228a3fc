#!/usr/bin/env bash
# Runs every fuzz target (a file in fuzz/src/bin) for so many seconds each: scripts/fuzz.sh 60, or scripts/fuzz.sh 60 codes
# for one of them. Each begins with its seeds (fuzz/seeds) and what it found before (fuzz/corpus, not kept in git).
set -euo pipefail
cd "$(dirname "$0")/.."

seconds_each=${1:-60}
only=${2:-*}

scripts/need.sh fuzz
# Coverage asks for a nightly compiler; a stable one has it too, if it is told to. Without sanitizers there are about twice
# as many tries, and no code of ours is unsafe.
cargo=(cargo)
if cargo +nightly --version >/dev/null 2>&1; then cargo+=(+nightly); else export RUSTC_BOOTSTRAP=1; fi

# Stores are folders in the temporary one; a fuzzer that is stopped leaves them behind.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export TMPDIR=$folder

for file in fuzz/src/bin/$only.rs; do
  target=$(basename "$file" .rs)
  echo "fuzzing $target for $seconds_each s"
  mkdir -p "fuzz/corpus/$target"
  dictionary=()
  if [ -e "fuzz/seeds/$target.dict" ]; then dictionary=("-dict=fuzz/seeds/$target.dict"); fi
  "${cargo[@]}" fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
    -max_total_time="$seconds_each" -max_len=4096 -print_final_stats=1 "${dictionary[@]}"
done
