#!/usr/bin/env bash
# Has schemathesis (https://schemathesis.io) make up requests from the OpenAPI document and send them to a server with the
# demonstration's data: no answer may be a 5xx, nor one that the document does not tell of. Ends with 1 when one is.
# Usage: scripts/schemathesis.sh [EXAMPLES for each operation (4)] [SEED (1)]
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.32.5
examples=${1:-4}
seed=${2:-1}
venv=$PWD/target/schemathesis-$version

need_schemathesis() {
  [ -x "$venv/bin/schemathesis" ] && return
  command -v python3 >/dev/null 2>&1 || { echo "missing: python3, which runs schemathesis" >&2; exit 1; }
  rm -rf "$venv"
  if ! python3 -m venv "$venv" 2>/dev/null; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
      echo "installing python3-venv"
      apt-get update -qq && apt-get install -qq -y --no-install-recommends python3-venv >/dev/null
    fi
    python3 -m venv "$venv" || { echo "missing: python3-venv (for example: sudo apt-get install python3-venv)" >&2; exit 1; }
  fi
  echo "installing schemathesis $version into target"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" ||
    { echo "missing: schemathesis $version, which pip did not get" >&2; exit 1; }
}

need_schemathesis
# The build of everyday work, which notices an overflow; another one may be named.
scrip=${SCRIP:-target/debug/scrip}
[ -n "${SCRIP:-}" ] || cargo build --quiet --package server --bin scrip

data=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
  rm -rf "$data"
}
trap stop EXIT

# Many made-up codes and wrong tokens come from one address, and on purpose.
cat > "$data/settings.toml" <<'END'
[rates]
address_per_s = 100000
address_burst = 100000
account_per_s = 100000
account_burst = 100000
[guesses]
address_per_hour = 1000000
key_per_hour = 1000000
tenant_per_hour = 1000000
END

"$scrip" serve --demo --test-clock --listen 127.0.0.1:0 --config "$data/settings.toml" --data "$data/shop" \
  > "$data/said.txt" 2> "$data/log.txt" &
server=$!
# What it prints last is what the demonstration is tried with.
for _ in $(seq 300); do
  grep -q '/v1/quotes' "$data/said.txt" && break
  kill -0 "$server" 2>/dev/null || { cat "$data/log.txt" >&2; exit 1; }
  sleep 0.1
done
base=$(grep -o 'http://[0-9.:]*' "$data/said.txt" | head -n 1)
password=$(sed -n 4p "$data/shop/demo.txt")

# Keys are made on the command line; people sign in.
key=$("$scrip" key create --data "$data/shop" --name schemathesis \
  --scope read --scope definitions --scope vouchers --scope claims --scope redemptions --scope customers \
  --scope test_data --scope admin | tail -n 1)
ask() { "$venv/bin/python" scripts/schemathesis.py "$1" "$base" "${@:2}"; }
ask things "$key" > "$data/schemathesis.toml"

checks=not_a_server_error,status_code_conformance,content_type_conformance
checks=$checks,response_schema_conformance,response_headers_conformance
failed=0
run() {
  echo "== $1"
  # In the folder, as it leaves notes where it runs.
  (cd "$data" && "$venv/bin/schemathesis" --config-file schemathesis.toml run "$base/openapi.json" \
    --header "Authorization: Bearer $2" --checks "$checks" --max-examples "$examples" --seed "$seed" \
    --generation-database none --continue-on-failure --request-timeout 30 --no-color --warnings off "${@:3}") || failed=1
}

# A customer and an administrator for what is for people only; signing out would end the session that all else goes by.
run 'a customer' "$(ask token ann "$password")" --exclude-operation-id delete_session
run 'an administrator' "$(ask token admin "$password")" --include-tag sign-in --exclude-operation-id delete_session
# A key that may do everything, but not yet end itself. Its clock may run far ahead, so that sessions are over afterwards.
run 'a key' "$key" --exclude-operation-id revoke_api_key --exclude-tag sign-in
run 'what ends a key or a session' "$key" --include-operation-id revoke_api_key --include-operation-id delete_session
kill -0 "$server" || { echo "the server has ended" >&2; tail -n 20 "$data/log.txt" >&2; exit 1; }
if grep -E 'ERROR|panicked' "$data/log.txt" "$data/said.txt" >&2; then failed=1; fi

# What is answered 404 all along has tried nothing.
ask figures || failed=1
exit $failed
