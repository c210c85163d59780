"""A provider's interface, played by a local server: what its answers mean."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from encours.connectors.base.outgoing import channels
from tests.connectors.mail.test_smtp import MAIL
from tests.mail_servers import free_port


class Postmark(http.server.BaseHTTPRequestHandler):
    """Answers as the provider does; `says`: code and body, None to break off."""

    says: Any = None
    asked: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:  # the server's name for it
        self.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.says is None:
            self.connection.close()
            return
        code, said = self.says
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *words: Any) -> None:
        """Says nothing."""


@contextmanager
def postmark(says: Any) -> Iterator[str]:
    Postmark.says, Postmark.asked = says, []
    server = http.server.HTTPServer(("127.0.0.1", 0), Postmark)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def send(url: str) -> Any:
    settings = {"provider": "postmark", "secret": "token", "options": {"api_url": url}, "timeout": 5}
    session = channels()["mail_provider"].open(settings)
    try:
        return session.send(MAIL)
    finally:
        session.close()


def test_what_the_provider_takes_is_sent() -> None:
    taken = {"ErrorCode": 0, "Message": "OK", "MessageID": "abc-1", "To": "b@client.example", "SubmittedAt": "x"}
    with postmark((200, taken)) as url:
        answer = send(url)
    assert (answer.outcome, answer.provider_id) == ("sent", "abc-1")
    (asked,) = Postmark.asked
    assert asked["Subject"] == "Relance n° 1"
    assert {one["Name"] for one in asked["Attachments"]} == {"qr.png", "relevé.pdf"}


@pytest.mark.parametrize(
    ("says", "outcome", "everyone"),
    [
        ((422, {"ErrorCode": 300, "Message": "invalid"}), "refused", False),
        ((401, {"ErrorCode": 10, "Message": "bad token"}), "retry", True),
        ((429, {"Message": "slow down"}), "retry", True),
        ((500, {"Message": "our fault"}), "retry", True),
        ((504, {"Message": "gateway"}), "uncertain", False),
        (None, "uncertain", False),
    ],
)
def test_what_else_it_says(says: Any, outcome: str, everyone: bool) -> None:
    with postmark(says) as url:
        answer = send(url)
    assert (answer.outcome, answer.everyone) == (outcome, everyone)
    assert "token" not in answer.detail.replace("bad token", "")


def test_a_provider_that_is_not_there_took_nothing() -> None:
    assert send(f"http://127.0.0.1:{free_port()}/").outcome == "retry"
