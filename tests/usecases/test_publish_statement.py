"""Links to statements: signed, with an end, revoked at once; served by a process that can open nothing else."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings

from encours.cli import published
from encours.core.base.issue import CallError
from encours.store.models import PublishedStatement, Role, Setting, User
from encours.store.rights import actor_of, job
from encours.usecases import clock
from encours.usecases.publish_statement import live_links, publish_statement, revoke_statement
from encours.usecases.rights import NotAllowedError
from tests.usecases.letter_cases import a_customer, an_invoice, workshop

pytestmark = pytest.mark.django_db
_PUBLIC = "https://releves.meuleton.example"


@pytest.fixture
def customer() -> str:
    workshop()
    Setting.objects.create(entity_id="A", key="portal.public_address", value=_PUBLIC)
    customer = a_customer("Dupin", name="<b>Dupin & Fils</b>")
    an_invoice(customer, "F1", 100_00, date(2025, 8, 1))
    return customer


@contextmanager
def serving() -> Iterator[int]:
    """The process as `encours statements` starts it, on a free port."""
    folder = Path(settings.HOME) / "published"
    own = [sys.executable, "-m", "encours.cli.published", str(folder), "127.0.0.1", "0"]
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    process = subprocess.Popen(own, env=kept, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def ask(port: int, path: str, method: str = "GET") -> tuple[int, str, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Content-Type", ""), answer.read(), dict(answer.headers)
    finally:
        connection.close()


def test_a_link_opens_the_statement_until_it_is_revoked_or_ends(customer: str) -> None:
    link = publish_statement(job("test"), customer)
    assert link.address.startswith(f"{_PUBLIC}/s/")
    path = link.address.removeprefix(_PUBLIC)
    key = (Path(settings.HOME) / "published" / "key").read_bytes()
    assert published.link(key, link.token, int(link.expires_at.timestamp())) == path
    assert publish_statement(job("test"), customer) == link, "the same statement is the same link"
    ended = published.link(key, link.token, int((clock.now() - timedelta(1)).timestamp()))
    longer = path.replace(f".{int(link.expires_at.timestamp())}.", f".{int(link.expires_at.timestamp()) + 9}.")
    with serving() as port:
        status, kind, body, headers = ask(port, path)
        assert (status, kind) == (200, "text/html; charset=utf-8")
        assert b"&lt;b&gt;Dupin &amp; Fils&lt;/b&gt;" in body
        assert b"<b>" not in body
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cache-Control"] == "no-store"
        status, kind, body, headers = ask(port, f"{path}.pdf")
        assert (status, kind, body[:5]) == (200, "application/pdf", b"%PDF-")
        assert ask(port, path, "HEAD")[2] == b""
        forged = path[:-1] + ("1" if path.endswith("0") else "0")
        assert ask(port, ended)[0] == 410
        for wrong in (longer, forged, "/", "/s/../key", "/s/key", f"{path}/.."):
            assert ask(port, wrong)[0] == 404, wrong
        assert ask(port, path, "POST")[0] == 501
        revoke_statement(job("test"), link.token)
        assert [ask(port, one)[0] for one in (path, f"{path}.pdf")] == [410, 410]
    assert live_links(job("test"), customer) == []
    assert publish_statement(job("test"), customer).token != link.token


def test_the_last_opening_is_known_where_the_process_may_note_it(customer: str) -> None:
    link = publish_statement(job("test"), customer)
    assert [one.opened_at for one in live_links(job("test"), customer)] == [None]
    with serving() as port:
        for _ in range(3):
            assert ask(port, link.address.removeprefix(_PUBLIC))[0] == 200
        assert ask(port, f"/s/{'x' * 32}.1.{'0' * 64}")[0] == 404
    noted = (Path(settings.HOME) / "published" / "opened").read_text()
    assert noted.count("\n") == 1, "once an hour"
    assert link.token not in noted, "a list that leaks opens nothing"
    (shown,) = live_links(job("test"), customer)
    assert shown.opened_at is not None
    assert abs((clock.now() - shown.opened_at).total_seconds()) < 3600
    opened = Path(settings.HOME) / "published" / "opened"
    opened.unlink()
    opened.mkdir()  # what may not be written
    with serving() as port:
        assert ask(port, link.address.removeprefix(_PUBLIC))[0] == 200
    assert [one.opened_at for one in live_links(job("test"), customer)] == [None]


def test_nothing_is_published_before_a_public_address_is_set_nor_by_whom_it_is_not_for(customer: str) -> None:
    user = User.objects.create_user("collector", "collector@example.com")
    Role.objects.create(user=user, entity_id="A", kind=Role.Kind.COLLECTOR)
    with pytest.raises(NotAllowedError):
        publish_statement(actor_of(user), customer)
    Setting.objects.filter(key="portal.public_address").update(value="")
    with pytest.raises(CallError, match="public address"):
        publish_statement(job("test"), customer)
    assert not PublishedStatement.objects.exists()
    assert not (Path(settings.HOME) / "published").exists()


def test_what_ended_is_taken_away(customer: str) -> None:
    link = publish_statement(job("test"), customer)
    PublishedStatement.objects.update(expires_at=clock.now() - timedelta(1))
    publish_statement(job("test"), customer)
    assert not (Path(settings.HOME) / "published" / "s" / f"{link.token}.pdf").exists()


_ATTEMPTS = """
import sys, pathlib
from encours.cli import published
assert not [name for name in sys.modules if name.split(".")[0] in ("django", "psycopg", "polars") or ".store" in name]
import sqlite3, socket, subprocess, os
folder, database = pathlib.Path(sys.argv[1]), sys.argv[2]
published.lock(folder)
assert (folder / "key").read_bytes()
def refused(attempt):
    try:
        attempt()
    except PermissionError:
        return True
    return False
attempts = [
    lambda: sqlite3.connect(database),
    lambda: open(database, "rb"),
    lambda: os.open(database, os.O_RDONLY),
    lambda: open(folder / "key", "ab"),
    lambda: open(folder / ".." / "secret-key"),
    lambda: socket.create_connection(("127.0.0.1", 5432), 1),
    lambda: subprocess.run(["cat", database]),
    lambda: os.system("true"),
    lambda: (folder / "key").unlink(),
    lambda: __import__("django.db"),
]
print([refused(attempt) for attempt in attempts])
"""


def test_the_process_can_open_no_database_no_other_file_no_connection(customer: str, tmp_path: Path) -> None:
    publish_statement(job("test"), customer)
    database = tmp_path / "encours.sqlite3"
    database.write_bytes(b"SQLite format 3\0")
    (Path(settings.HOME) / "secret-key").write_text("x")
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    own = [sys.executable, "-c", _ATTEMPTS, str(Path(settings.HOME) / "published"), str(database)]
    done = subprocess.run(own, env=kept, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == str([True] * 10), done.stderr
