"""What comes back: bounces mark message and contact, the sent mailbox settles what is uncertain, answers hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from encours.store.models import Contact, Hold, Message, MessageEvent, Touch
from encours.store.rights import job
from encours.usecases import clock
from encours.usecases.compose_message import compose_message
from encours.usecases.mark_answered import mark_answered
from encours.usecases.outbox import mark_sent, message_id_of
from encours.usecases.read_mailbox import read_mailboxes
from encours.usecases.settle_uncertain import settle_uncertain
from tests.mail_servers import USER, Box, dovecot, mailbox_server
from tests.usecases.mailing import keep, load_late, plan_action

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    if dovecot() is None:
        pytest.skip("no dovecot on this machine: apt-get install dovecot-imapd")
    with mailbox_server() as found:
        yield found


def made(number: str, state: str) -> Message:
    row = compose_message(job("test"), plan_action(number).action_id)
    Message.objects.filter(pk=row.pk).update(state=state, claimed_at=clock.now() - timedelta(hours=1))
    row.refresh_from_db()
    return row


def bounce(row: Message, address: str, status: str = "5.1.1", action: str = "failed") -> bytes:
    return f"""From: MAILER-DAEMON@mx.example.com
To: {USER}
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} gone

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id_of(row)}

--b--
""".encode()


def test_bounces_and_sent_mail_tell_what_became_of_messages(tmp_path: Path, box: Box, monkeypatch: object) -> None:
    load_late(tmp_path, 4)
    monkeypatch.setenv("ENCOURS_MAIL_BOX", box.settings["password"])  # type: ignore[attr-defined]  # pytest's own
    settings = {
        "host": "127.0.0.1",
        "port": box.port,
        "security": "none",
        "user": USER,
        "secret": "env:ENCOURS_MAIL_BOX",
    }
    keep("mail.mailbox", settings)
    gone, full, there, lost = (made(n, "uncertain") for n in "0123")
    for row in (gone, full):
        assert mark_sent(row, clock.now())
        assert not mark_sent(row, clock.now()), "marked twice is marked once"
    box.deliver(bounce(gone, "compta0@client.example"))
    box.deliver(bounce(full, "compta1@client.example", "4.2.2", "delayed"))
    box.deliver(bounce(full, "compta1@client.example", "5.2.2"))
    box.deliver(b"Subject: hello\n\nnot a notice\n")
    found = read_mailboxes(["A"])
    assert (found.letters, found.notices, found.bounced, found.contacts, found.faults) == (4, 3, 2, 1, ())
    assert read_mailboxes(["A"]).letters == 0
    gone.refresh_from_db()
    assert gone.state == "bounced"
    bounced = dict(Contact.objects.filter(is_current=True).values_list("contact_id", "bounced_on"))
    assert bounced["A:c0"] == clock.today()
    assert bounced["A:c1"] is None, "a full mailbox is not a wrong address"
    assert Contact.objects.filter(contact_id="A:c0").count() == 2, "a version, nothing is overwritten"
    assert MessageEvent.objects.filter(message=full, kind="delayed").count() == 1
    box.deliver(f"Message-ID: {message_id_of(there)}\nSubject: x\n\ny\n".encode(), "Sent")
    settled = settle_uncertain()
    assert (settled.left, settled.queued, settled.open, settled.faults) == (1, 0, 1, ())
    there.refresh_from_db()
    assert (there.state, there.settled_how) == ("sent", "sent_mailbox")
    assert Touch.objects.filter(is_current=True, customer_id="A:2").count() == 2
    keep("mail.mailbox", {**settings, "sent_is_complete": True})
    assert settle_uncertain().queued == 1
    lost.refresh_from_db()
    assert (lost.state, lost.settled_how) == ("queued", "not_in_mailbox")
    keep("mail.mailbox", {**settings, "secret": "env:ENCOURS_MAIL_NOWHERE"})
    assert "ENCOURS_MAIL_NOWHERE is not there" in read_mailboxes(["A"]).faults[0]


def test_an_answer_holds_the_reminders(tmp_path: Path) -> None:
    load_late(tmp_path, 1)
    row = made("0", "to_confirm")
    Message.objects.filter(pk=row.pk).update(state="sent", sent_at=clock.now())
    mark_answered(job("test"), row.pk)
    assert mark_answered(job("test"), row.pk).answered_at is not None
    (hold,) = Hold.objects.all()
    assert (hold.customer_id, hold.why) == ("A:0", row.subject)
    assert hold.until_on > clock.today()
