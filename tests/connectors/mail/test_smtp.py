"""SMTP against a real server: what becomes of a message is told by how far the talk went."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from encours.connectors.base import oauth
from encours.connectors.base.mime import bare, build
from encours.connectors.base.outgoing import Attachment, Outgoing, channels
from tests.mail_servers import PASSWORD, USER, Inbox, smtp_server

MAIL = Outgoing(
    "<1@example.com>", "Société A <a@example.com>", ("Compta <b@client.example>",), "Relance n° 1",
    "Bonjour,\n.\n..deux points\nfin\n", "<p>Bonjour</p>", language="fr", reply_to="team@example.com",
    attachments=(
        Attachment("qr.png", "image/png", b"\x89PNG", "qr"), Attachment("relevé.pdf", "application/pdf", b"%PDF"),
    ),
)  # fmt: skip


def open_to(port: int, **more: Any) -> Any:
    return channels()["smtp"].open({"host": "127.0.0.1", "port": port, "security": "none", "auth": "none", **more})


class Issuer(http.server.BaseHTTPRequestHandler):
    """A sign-in service: what it is asked stands in `asked`, what it says in `says`."""

    asked: ClassVar[list[dict[str, str]]] = []
    says: ClassVar[list[tuple[int, dict[str, Any]]]] = []

    def do_POST(self) -> None:  # the server's name for it
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.asked.append({name: values[0] for name, values in form.items()})
        code, said = self.says.pop(0)
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *words: Any) -> None:
        """Says nothing."""


@contextmanager
def issuer(*says: tuple[int, dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    Issuer.asked, Issuer.says = [], list(says)
    oauth._KNOWN.clear()
    server = http.server.HTTPServer(("127.0.0.1", 0), Issuer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token", Issuer.asked
    finally:
        server.shutdown()
        server.server_close()


def test_what_is_sent_arrives_as_it_was_written() -> None:
    with smtp_server() as (port, inbox):
        session = open_to(port)
        answer = session.send(MAIL)
        session.send(MAIL)
        session.close()
    assert (answer.outcome, answer.provider_id) == ("sent", "2.0.0 queued as ABC123")
    mail = inbox.taken[0]
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == MAIL.text  # type: ignore[union-attr]  # it was just set
    assert mail["Subject"] == "Relance n° 1"
    assert mail["Content-Language"] == "fr"
    assert [part.get_filename() for part in mail.iter_attachments()] == ["relevé.pdf"]
    assert mail["Message-ID"] == "<1@example.com>"
    assert len(inbox.taken) == 2


@pytest.mark.parametrize(
    ("answers", "outcome", "everyone"),
    [(["451 later"], "retry", False), (["554 5.7.1 spam"], "refused", False), (["250 ok"], "sent", False)],
)
def test_the_servers_word_decides(answers: list[str], outcome: str, everyone: bool) -> None:
    with smtp_server(Inbox(answers=answers)) as (port, _):
        answer = open_to(port).send(MAIL)
    assert (answer.outcome, answer.everyone) == (outcome, everyone)


def test_a_connection_that_breaks_after_the_content_is_uncertain_and_before_it_is_not() -> None:
    with smtp_server(Inbox(hang_up=True)) as (port, _):
        assert open_to(port).send(MAIL).outcome == "uncertain"
    answer = open_to(port).send(MAIL)
    assert (answer.outcome, answer.everyone) == ("retry", True)


def test_a_bad_recipient_is_told_apart_from_a_bad_message() -> None:
    inbox = Inbox(refuse={"c@client.example"})
    with smtp_server(inbox) as (port, _):
        both = Outgoing("<2@a>", MAIL.sender, ("b@client.example", "c@client.example"), "x", "y")
        answer = open_to(port).send(both)
        assert (answer.outcome, answer.refused, answer.bad_address) == ("sent", ("c@client.example",), True)
        answer = open_to(port).send(Outgoing("<3@a>", MAIL.sender, ("c@client.example",), "x", "y"))
        assert (answer.outcome, answer.bad_address) == ("refused", True)
        assert open_to(port).send(Outgoing("<4@a>", MAIL.sender, ("no address",), "x", "y")).outcome == "refused"


def test_a_password_signs_in_and_a_wrong_one_stops_everybody() -> None:
    signed = {"auth": "password", "user": USER}
    with smtp_server(auth=True) as (port, inbox):
        assert open_to(port, **signed, password=PASSWORD).send(MAIL).outcome == "sent"
        answer = open_to(port, **signed, password="wrong").send(MAIL)
    assert (answer.outcome, answer.everyone) == ("retry", True)
    assert answer.detail.startswith("535"), "the server's word, not a wait that ran out"
    assert len(inbox.taken) == 1


def test_oauth2_as_microsoft_and_google_want_it() -> None:
    inbox = Inbox(tokens={"fresh"})
    says = [(200, {"access_token": "old", "expires_in": 3600}), (200, {"access_token": "fresh", "refresh_token": "r2"})]
    renewed: list[str] = []
    with issuer(*says) as (url, asked), smtp_server(inbox, auth=True) as (port, _):
        session = open_to(
            port, auth="oauth2", user=USER, provider="google", token_url=url, client_id="app", client_secret="s",
            refresh_token="r1", renewed=renewed.append,
        )  # fmt: skip
        answer = session.send(MAIL)
        assert (answer.outcome, answer.detail) == ("sent", ""), "a token that was withdrawn is asked for anew, once"
        session.close()
        assert session.send(MAIL).outcome == "sent", "a good token is kept"
    assert [one["grant_type"] for one in asked] == ["refresh_token"] * 2
    assert asked[0]["refresh_token"] == "r1"
    assert renewed == ["r2"]
    assert inbox.asked[-1] == f"user={USER}\x01auth=Bearer fresh\x01\x01"


def test_a_grant_that_was_withdrawn_is_said_without_secrets() -> None:
    with (
        issuer((400, {"error": "invalid_grant", "error_description": "expired"})) as (url, _),
        smtp_server() as (p, _i),
    ):
        settings = {"auth": "oauth2", "user": USER, "token_url": url, "client_id": "app", "refresh_token": "hidden"}
        answer = open_to(p, **settings).send(MAIL)
    assert (answer.outcome, answer.everyone) == ("retry", True)
    assert "invalid_grant" in answer.detail
    assert "hidden" not in answer.detail


def test_microsofts_addresses_and_scopes() -> None:
    own = oauth.grant_of({"provider": "microsoft", "tenant": "contoso", "client_id": "x", "client_secret": "y"})
    assert own.token_url == "https://login.microsoftonline.com/contoso/oauth2/v2.0/token"
    assert own.scope == "https://outlook.office365.com/.default"
    person = oauth.grant_of({"provider": "microsoft", "refresh_token": "r"})
    assert "SMTP.Send" in person.scope
    assert "offline_access" in person.scope


@pytest.mark.parametrize("text", ["a@b\r\nBcc: x@y", "a b@c", "a@b@c", "", "a..b@c", "@c", "a@"])
def test_what_is_no_address_becomes_none(text: str) -> None:
    assert bare(text) == ""


def test_a_subject_cannot_begin_a_header() -> None:
    mail = build(Outgoing("<5@a>", "a@example.com", ("b@example.com",), "x\r\nBcc: evil@example.com", "y"))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "x Bcc: evil@example.com"


def test_faults_are_found_before_anybody_is_called() -> None:
    smtp, provider = channels()["smtp"].faults, channels()["mail_provider"].faults
    assert smtp({"host": "mail.example.com", "user": "u"}) == []
    assert len(smtp({"host": "", "port": 0, "security": "x", "auth": "y"})) >= 4
    assert any("never sent" in one for one in smtp({"host": "mail.example.com", "user": "u", "security": "none"}))
    assert provider({"provider": "postmark"}) == []
    assert provider({"provider": "mailgun"}) == ["the mail provider needs sender_domain"]
    assert len(provider({"provider": "pigeon"})) == 1
