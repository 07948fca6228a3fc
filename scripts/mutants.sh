#!/usr/bin/env bash
# Shows that tests notice: each patch in mutants/ removes one guard, and the test it names must fail with it.
# scripts/mutants.sh [NAME...] tries these, or all. In a copy of the repository in target/mutants, with builds of its own;
# what is not committed yet is copied too, and nothing outside of that folder is touched.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
home=$root/target/mutants
tree=$home/tree
logs=$home/logs

# Tests of the domain build fastest; then what changes the domain beneath the store; then the store alone.
in_order() {
  local name
  for name in "$@"; do
    [ -f "$root/mutants/$name.patch" ] || { echo "there is no mutants/$name.patch" >&2; exit 2; }
    case "$(package_of "$name") $(grep -c '^+++ b/crates/domain/' "$root/mutants/$name.patch" || true)" in
      domain*) echo "1 $name" ;;
      *\ 0) echo "3 $name" ;;
      *) echo "2 $name" ;;
    esac
  done | sort | cut -d' ' -f2
}

filter_of() { sed -n 's/^Red: //p' "$root/mutants/$1.patch"; }
package_of() { filter_of "$1" | sed -n 's/.*package(\([a-z]*\)).*/\1/p'; }
test_of() { filter_of "$1" | sed -n 's/.*test(\([a-z0-9_]*\)).*/\1/p'; }

sources() { find . \( -path ./target -o -path ./.git -o -path ./data -o -name node_modules \) -prune -o -type f -print0; }

# Only what differs is copied, and is new then: cargo builds again what was patched, by its time.
copy() {
  local file
  mkdir -p "$tree" "$logs"
  while IFS= read -r -d '' file; do
    cmp -s "$file" "$tree/$file" || { mkdir -p "$tree/$(dirname "$file")" && cp "$file" "$tree/$file"; }
  done < <(sources)
  while IFS= read -r -d '' file; do
    [ -e "$root/$file" ] || rm "$tree/$file"
  done < <(cd "$tree" && sources)
}

# Without symbols and optimisation the builds are quicker. What is unused once a guard is gone is no reason not to build.
nextest() {
  local package=$1
  shift
  (cd "$tree" && CARGO_TARGET_DIR="$home/target" CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=0 \
    RUSTFLAGS="--cap-lints warn" cargo nextest run --package "$package" --test it "$@")
}

# The copy lies inside of a repository, which git must not take it for.
patch_tree() { (cd "$tree" && GIT_CEILING_DIRECTORIES="$home" git apply "$@"); }

row() { printf '%-36s | %-106s | %-14s | %7s\n' "$@"; }

# A red test means nothing unless it is green on what is not patched: all of these mutants in that package.
green() {
  local package=$1 name filter began=$SECONDS
  shift
  filter=$(for name in "$@"; do [ "$(package_of "$name")" != "$package" ] || echo "or test($(test_of "$name"))"; done)
  filter=${filter#or } filter=${filter//$'\n'/ }
  if ! nextest "$package" -E "$filter" >"$logs/none-$package.log" 2>&1; then
    tail -n 40 "$logs/none-$package.log" >&2
    echo "these tests of $package have to pass before anything is removed" >&2
    exit 1
  fi
  row "(none of $package)" "all of these" green "$((SECONDS - began))"
}

verdict() {
  local name=$1 package status=0
  package=$(package_of "$name")
  nextest "$package" --no-run || { echo "DOES NOT BUILD" >&3; return; }
  nextest "$package" -E "$(filter_of "$name")" || status=$?
  case $status in
    0) echo "SURVIVED" >&3 ;;
    100) echo "red" >&3 ;; # what nextest says of tests that failed
    *) echo "NO TEST RAN" >&3 ;;
  esac
}

try() {
  local name=$1 began=$SECONDS told
  if patch_tree "$root/mutants/$name.patch" 2>"$logs/$name.log"; then
    { told=$(verdict "$name" 3>&1 >>"$logs/$name.log" 2>&1); } || told="FAILED"
    patch_tree --reverse "$root/mutants/$name.patch"
  else
    told="DOES NOT APPLY"
  fi
  row "$name" "$(test_of "$name")" "$told" "$((SECONDS - began))"
  [ "$told" = red ]
}

names=("$@")
if [ ${#names[@]} = 0 ]; then
  for file in mutants/*.patch; do names+=("$(basename "$file" .patch)"); done
fi
mapfile -t names < <(in_order "${names[@]}")
[ ${#names[@]} -gt 0 ] || exit 2

scripts/need.sh nextest
copy
row mutant "the test that must go red" told seconds
survived=0 package=
for name in "${names[@]}"; do
  if [ "$(package_of "$name")" != "$package" ]; then
    package=$(package_of "$name")
    green "$package" "${names[@]}"
  fi
  try "$name" || survived=$((survived + 1))
done
echo "${#names[@]} mutants, $((${#names[@]} - survived)) red; logs in target/mutants/logs"
[ "$survived" = 0 ]
