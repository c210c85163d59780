"""A real mailbox: what is new is given once, nothing is changed, and a message of ours is found by its id."""

from __future__ import annotations

from pathlib import Path

import pytest

import encours.connectors.dsn as dsn
from encours.connectors.dsn.read import parse
from encours.connectors.imap.client import MailboxError, open_mailbox
from tests.mail_servers import Box

GOLDEN = Path(dsn.__file__).parent / "golden"


def test_news_come_once_and_the_sent_folder_is_asked(box: Box) -> None:
    bounce = (GOLDEN / "undelivered.eml").read_bytes()
    box.deliver(bounce)
    with open_mailbox(box.settings) as mailbox:
        first = mailbox.news("INBOX", None, 0)
        assert [parse(letter.content) is not None for letter in first.letters] == [True] * len(first.letters)
        assert first.letters
        assert mailbox.news("INBOX", first.validity, first.last_uid).letters == ()
        again = mailbox.news("INBOX", first.validity + 1, first.last_uid)
        assert len(again.letters) == len(first.letters), "a folder that began anew is read anew"
        assert mailbox.sent_folder() == "Sent"
        mailbox.keep("Sent", b"Message-ID: <known@example.com>\r\nSubject: x\r\n\r\ny\r\n")
        assert mailbox.holds("Sent", "<known@example.com>")
        assert not mailbox.holds("Sent", "<other@example.com>")
        assert not mailbox.holds("Sent", '<a" OR ALL "b@example.com>')


def test_who_may_not_in_is_told(box: Box) -> None:
    with pytest.raises(MailboxError, match=r"(?i)auth"), open_mailbox({**box.settings, "password": "wrong"}):
        pass
    with pytest.raises(MailboxError), open_mailbox({**box.settings, "port": 1}):
        pass
    with open_mailbox(box.settings) as mailbox, pytest.raises(MailboxError):
        mailbox.news("No such folder", None, 0)


def test_only_an_address_that_does_not_exist_is_bad() -> None:
    gone = parse((GOLDEN / "undelivered.eml").read_bytes())
    closed = parse((GOLDEN / "not_authorized.eml").read_bytes())
    assert gone is not None
    assert closed is not None
    assert [(one.fate, one.bad_address) for one in gone.recipients] == [("failed", True), ("delayed", False)]
    assert [(one.fate, one.bad_address) for one in closed.recipients] == [("failed", False)]
    assert closed.message_ids[0] == "<7d3f6b30-52f5-4a0c-b7a1-1f2f6a0d9a77@example.com>"
