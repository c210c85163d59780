"""The commands of an installation, as processes: import, user, audit, run, export, serve, and the demonstration."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.usecases.books import folder, small_book

_ENCOURS = [sys.executable, "-c", "from encours.cli import main; main()"]

# A test runner may have been started with Ctrl+C ignored, which children inherit; a terminal's command has not.
_INTERRUPTIBLE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); " + _ENCOURS[2]


def encours(home: Path, database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"ENCOURS_HOME": str(home), "DATABASE_URL": database_url}
    command = [*_ENCOURS, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_an_installation_from_the_command_line(tmp_path: Path, database_url: str) -> None:
    home = tmp_path / "home"

    def done(*arguments: str, code: int = 0) -> str:
        result = encours(home, database_url, *arguments)
        assert result.returncode == code, result.stderr
        return result.stdout + result.stderr

    assert "there is no Encours" in done("audit", "verify", code=2)
    book = folder(small_book(), tmp_path / "book")
    assert "items" in done("import", str(book))
    assert "file_known" in done("import", str(book))
    made = done("user", "create", "clerk@example.com", "--role", "A:cash_application")
    assert re.search(r"Password: \S{16,}", made)
    assert "A:cash_application" in done("user", "list")
    assert "A:viewer" in done("user", "roles", "clerk@example.com", "--give", "A:viewer")
    assert "there is no user" in done("user", "reset", "nobody@example.com", code=2)
    assert "positions" in done("run")
    assert "open amounts" in done("rebuild")
    assert "the chain is whole" in done("audit", "verify")
    assert "THE CHAIN IS BROKEN" in done("audit", "verify", "--head", "f" * 64, code=1)
    assert "items" in done("export", "book", str(tmp_path / "out"))
    assert done("check", str(tmp_path / "out"))
    assert "Nothing was decided" in done("export", "allocations", str(tmp_path / "a.csv"), "--entity", "A")
    assert "is in use" in done("demo", "--exit-when-ready", code=2)  # a sample company is not mixed into real books
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "is in use" in done("serve", "--port", str(taken.getsockname()[1]), code=2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "whom", ["the terminal's group", pytest.param("the command alone", marks=pytest.mark.one_database)]
)
def test_a_stop_is_quiet_and_leaves_no_process(tmp_path: Path, blank_database: str, whom: str) -> None:
    environment = os.environ | {"ENCOURS_HOME": str(tmp_path / "home"), "DATABASE_URL": blank_database}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", _INTERRUPTIBLE, "serve", "--port", str(port)]
    served = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert served.stdout is not None
    assert "listens on" in served.stdout.readline()
    (os.killpg if whom == "the terminal's group" else os.kill)(served.pid, signal.SIGINT)
    said, _ = served.communicate(timeout=60)  # the pipe ends with the last process that writes to it
    assert (served.returncode, said) == (0, "")
