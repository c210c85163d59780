#!/bin/sh
# Every gate: style, types, floors, and the tests on PostgreSQL (those that touch a database) and on SQLite (all).
# With arguments: only pytest, on SQLite, with these arguments.
set -u
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH
unset DATABASE_URL
# One more than there are cores: some tests wait for processes of their own, for a browser or for a database.
parallel="${WORKERS:-$(($(nproc 2>/dev/null || echo 2) + 1))} --dist worksteal"

if [ $# -gt 0 ]; then
    exec python -m pytest "$@"
fi

failed=
gate() {
    title=$1
    shift
    printf '\n── %s\n' "$title"
    "$@" || failed="$failed $title;"
}

# Types take one core for a minute or two: mypy works beside the first tests, and what it says is told after them.
found=$(mktemp)
trap 'kill $checker 2>/dev/null; rm -f "$found"' EXIT
trap 'exit 130' INT TERM
mypy >"$found" 2>&1 &
checker=$!
types() {
    wait $checker
    outcome=$? checker=
    cat "$found"
    return $outcome
}

gate "ruff check" ruff check .
gate "ruff format" ruff format --check .
gate "lint-imports" lint-imports
if python -m tests.postgres --where >/dev/null 2>&1; then
    gate "pytest on PostgreSQL" python -m tests.postgres -- \
        python -m pytest --only-database -m "not browser" -n $parallel --durations=40
else
    printf '\n── pytest on PostgreSQL: SKIPPED, no server on this machine (apt-get install postgresql)\n'
fi
gate "mypy" types
gate "pytest on SQLite" python -m pytest -n $parallel --durations=40
[ -z "$failed" ] || { printf '\nnot green:%s\n' "$failed" >&2; exit 1; }
