#!/bin/sh
# Every gate: style, types, floors, then the tests on PostgreSQL (those that touch a database) and on SQLite (all).
# With arguments: only pytest, on SQLite, with these arguments.
set -u
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH
unset DATABASE_URL
parallel="${WORKERS:-$(nproc 2>/dev/null || echo 2)} --dist worksteal"

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

gate "ruff check" ruff check .
gate "ruff format" ruff format --check .
gate "mypy" mypy
gate "lint-imports" lint-imports
if python -m tests.postgres --where >/dev/null 2>&1; then
    gate "pytest on PostgreSQL" python -m tests.postgres -- \
        python -m pytest --only-database -m "not browser" -n $parallel --durations=10
else
    printf '\n── pytest on PostgreSQL: SKIPPED, no server on this machine (apt-get install postgresql)\n'
fi
gate "pytest on SQLite: engines and use cases" python -m pytest -n $parallel --durations=10 tests/core tests/usecases
gate "pytest on SQLite: everything else" python -m pytest -n $parallel --durations=10 \
    --ignore=tests/core --ignore=tests/usecases
[ -z "$failed" ] || { printf '\nnot green:%s\n' "$failed" >&2; exit 1; }
