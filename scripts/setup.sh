#!/bin/sh
# Sets a fresh Debian or Ubuntu machine up, one part a call: runtime, dev, browser, postgres, mailbox.
# The Makefile calls it and stamps what is done; everything Python lives in .venv, nothing else is touched.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "encours: $*"; }
fail() { say "$*" >&2; exit 1; }
is_root() { [ "$(id -u)" -eq 0 ]; }
has_apt() { command -v apt-get >/dev/null 2>&1; }

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    say "installing $* (apt-get)"
    apt-get -qq -o Acquire::Retries=3 update </dev/null >/dev/null || true
    apt-get -qq -y -o Acquire::Retries=3 install --no-install-recommends "$@" </dev/null >/dev/null
}

# The newest Python of 3.11 or later; PYTHON=… chooses another.
find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or later is needed (apt-get install python3); or name one: make PYTHON=/path/to/python3"
}

make_venv() {
    if [ -x .venv/bin/python ] && .venv/bin/python -m pip --version >/dev/null 2>&1; then
        return
    fi
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
        if is_root && has_apt; then
            apt_install "$package"
        else
            fail "the module venv is missing: apt-get install $package (as root), then call this again"
        fi
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
    # Python 3.11 brings it along; nothing here needs it.
    .venv/bin/python -m pip --disable-pip-version-check uninstall -qq -y setuptools 2>/dev/null || true
}

# Twice quiet: what pip warns of is the machine's own configuration; errors are still said.
pip_install() { .venv/bin/python -m pip --disable-pip-version-check install -qq "$@" </dev/null; }

install_locked() {
    make_venv
    say "installing $1 into .venv (hashes checked; one to three minutes the first time)"
    pip_install --no-compile --require-hashes -r "$1"
    pip_install --no-deps --no-build-isolation --editable .
    prepare
}

# Byte code of what is loaded, not of all that packages bring, and of pip none; then the engines, which numba keeps.
prepare() {
    say "compiling the engines (one or two minutes the first time)"
    unset PYTHONDONTWRITEBYTECODE
    find .venv -path '*/site-packages/pip/*' -name '*.pyc' -delete
    .venv/bin/python -W ignore -m scripts.bytecode
    folder=$(mktemp -d)
    .venv/bin/encours sample "$folder" --customers 50 --months 6 >/dev/null </dev/null
    .venv/bin/encours forecast "$folder" --out "$folder/cash" >/dev/null 2>&1 </dev/null &
    .venv/bin/encours match "$folder" --out "$folder/out" >/dev/null </dev/null || true
    wait
    rm -rf "$folder"
}

# What a gate cannot do without: on a continuous-integration machine a missing part is a failure, not a skip.
missing() {
    [ -z "${CI:-}" ] || fail "$*"
    say "$*"
}

# LightGBM learns payment days; its wheel leans on a library that bare machines lack.
learner() {
    if .venv/bin/python -c 'import lightgbm' 2>/dev/null; then
        return
    fi
    if is_root && has_apt; then apt_install libgomp1 || true; fi
    said=$(.venv/bin/python -c 'import lightgbm' 2>&1 | tail -n 1)
    [ -z "$said" ] || missing "payment days cannot be learnt ($said); apt-get install libgomp1 (as root)"
}

browser() {
    if .venv/bin/python tests/browsers.py >/dev/null 2>&1; then
        return
    fi
    # On Ubuntu the package is a doorway to the snap store; where it brings no browser the message below says so.
    if is_root && has_apt; then apt_install chromium fonts-dejavu-core libatomic1 || true; fi
    said=$(.venv/bin/python tests/browsers.py 2>&1) || missing "the browser tests are skipped: $said"
}

postgres() {
    if .venv/bin/python -m tests.postgres --where >/dev/null 2>&1; then
        return
    fi
    if is_root && has_apt; then apt_install postgresql || true; fi
    .venv/bin/python -m tests.postgres --where >/dev/null 2>&1 || missing \
        "no PostgreSQL server: its tests are skipped; apt-get install postgresql (as root)"
}

# A mailbox server for the tests of returned mail; each starts one of its own, the system's service is not used.
mailbox() {
    if .venv/bin/python -m tests.mail_servers --where >/dev/null 2>&1; then
        return
    fi
    if is_root && has_apt; then apt_install dovecot-imapd || true; fi
    .venv/bin/python -m tests.mail_servers --where >/dev/null 2>&1 || missing \
        "no dovecot: the tests of mailboxes are skipped; apt-get install dovecot-imapd (as root)"
}

case "${1:-}" in
    runtime) install_locked requirements.lock; learner ;;
    dev) install_locked requirements-dev.lock; learner ;;
    browser) browser ;;
    postgres) postgres ;;
    mailbox) mailbox ;;
    *) fail "say one of: runtime, dev, browser, postgres, mailbox" ;;
esac
