#!/bin/sh
# Writes requirements.lock (what Encours runs on) and requirements-dev.lock (that, and what tests it) with hashes.
# No registry's host, no download address and no path of a machine stands in them: any mirror serves them.
# `make lock` keeps what is locked and adds what is new; `make lock UPGRADE=1` takes the newest of everything.
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
"$python" -m uv --version >/dev/null 2>&1 || "$python" -m pip install --quiet uv

compile() {
    out=$1
    shift
    "$python" -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links ${UPGRADE:+--upgrade} \
        --extra postgres --extra einvoice-write --group build "$@" --output-file "$out"
}

compile requirements.lock
compile requirements-dev.lock --group dev --constraints requirements.lock
