"""A throw-away PostgreSQL server; `python -m tests.postgres -- COMMAND…` runs COMMAND with DATABASE_URL set to it."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_DATABASE = "encours"
# Nothing in it outlives the tests: no need to wait for the disk.
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def server_folder() -> Path | None:
    """The folder of `initdb` and `postgres`: on the path, else Debian's newest; None without a server."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return debian[-1].parent if debian else None


@contextmanager
def throwaway_cluster(settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """A server of its own on a free loopback port with an empty database; yields its URL.

    `settings` are added to the forgetful defaults, for example `{"fsync": "on"}` where durability is measured.
    The folder and the server are gone afterwards. Raises RuntimeError without PostgreSQL on the machine.
    """
    programs = server_folder()
    if programs is None:
        raise RuntimeError("no PostgreSQL server on this machine: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="encours-postgres-"))
    owner = _owner()
    if owner:
        shutil.chown(folder, owner["user"], owner["group"])
    try:
        data = folder / "data"
        initdb: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            _DATABASE,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        subprocess.run([*initdb, "--no-sync"], check=True, cwd=folder, stdout=subprocess.DEVNULL, **owner)
        with _server(programs, data, settings or {}, owner) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server(programs: Path, data: Path, settings: Mapping[str, str], owner: dict[str, Any]) -> Iterator[str]:
    port = _free_port()
    options = _FORGETFUL | {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    flags = [part for name, value in (options | dict(settings)).items() for part in ("-c", f"{name}={value}")]
    with (data.parent / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *flags], cwd=data, stderr=log, stdout=log, **owner
        )
    try:
        _wait(server, port, data.parent / "log")
        base = f"postgresql://{_DATABASE}@127.0.0.1:{port}"
        _execute(f"{base}/postgres", f"CREATE DATABASE {_DATABASE}")
        yield f"{base}/{_DATABASE}"
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(30)


def create_database(url: str, name: str, copy_of: str = "") -> str:
    """A new database on the server of `url`, empty or a copy of another; its own URL.

    Two tests at once share the server: each gets a database of its own, whose name only begins with `name`.
    """
    own = f"{name}_{secrets.token_hex(4)}"
    template = f' TEMPLATE "{_name(copy_of)}"' if copy_of else ""
    _execute(url, f'CREATE DATABASE "{own}"{template}')
    return url.rsplit("/", 1)[0] + f"/{own}"


def drop_database(server: str, url: str) -> None:
    """Drops the database `url`, with whoever is still connected, by way of another one of its server."""
    _execute(server, f'DROP DATABASE IF EXISTS "{_name(url)}" WITH (FORCE)')


def _name(url: str) -> str:
    return url.rsplit("/", 1)[1]


def _execute(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(f"postgresql://{_DATABASE}@127.0.0.1:{port}/postgres").close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}") from None
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _owner() -> dict[str, Any]:
    """Whom the server runs as: PostgreSQL refuses to be root."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in ("postgres", "nobody") if name in known)
    group = pwd.getpwnam(user).pw_gid
    return {"user": user, "group": group, "extra_groups": []}


def main(argv: list[str]) -> int:
    """`--where` prints the folder of the server's programs; `-- COMMAND…` runs a command against a fresh server."""
    if argv == ["--where"]:
        found = server_folder()
        print(found or "no PostgreSQL")
        return int(found is None)
    if len(argv) < 2 or argv[0] != "--":
        print("python -m tests.postgres --where | -- COMMAND…", file=sys.stderr)
        return 2
    # A terminated wrapper still stops its server.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with throwaway_cluster() as url:
        return subprocess.run(argv[1:], env=os.environ | {"DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
