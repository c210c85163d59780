"""Messages from the plan to a real server: composed, approved, recalled, checked again, handed over once."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from encours.core.base.issue import CallError
from encours.store import audit, frames
from encours.store.models import (
    AuditEntry,
    Contact,
    Decision,
    Delegation,
    Message,
    MessageEvent,
    PlannedAction,
    PublishedStatement,
    Setting,
    Touch,
)
from encours.store.rights import Actor, job
from encours.usecases import clock
from encours.usecases.approve_messages import approve_messages, recall_messages
from encours.usecases.compose_message import Wish, compose_message, discard_message, preview_message
from encours.usecases.deciding import write_fact
from encours.usecases.open_dispute import open_dispute
from encours.usecases.outbox import message_id_of
from encours.usecases.publish_statement import live_links
from encours.usecases.rights import NotAllowedError
from encours.usecases.send_messages import find_uncertain, send_messages
from encours.usecases.settle_uncertain import resolve_uncertain, settle_uncertain
from tests.mail_servers import Inbox, smtp_server
from tests.usecases.clerks import person
from tests.usecases.mailing import FACTOR_IBAN, IBAN, keep, load_late, now_due, plan_action, to_server

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path) -> None:
    load_late(tmp_path, 3)


def queued(number: str = "0", **more: object) -> Message:
    """A message of a customer, approved and past its ten minutes."""
    made = compose_message(job("test"), plan_action(number, **more).action_id)
    approve_messages(job("test"), [made.pk])
    now_due()
    made.refresh_from_db()
    return made


def test_a_message_reaches_the_server_whole_and_once() -> None:
    with smtp_server() as (port, inbox):
        to_server(port)
        made = queued()
        assert send_messages().sent == 1
        assert send_messages().sent == 0
    (mail,) = inbox.taken
    assert mail["Message-ID"] == message_id_of(made) == f"<{made.pk}@example.com>"
    assert mail["From"].addresses[0].addr_spec == "recouvrement@example.com"
    assert mail["Reply-To"] == "equipe@example.com"
    assert [one.addr_spec for one in mail["To"].addresses] == ["compta0@client.example"]
    text = mail.get_body(("plain",)).get_content()
    page = mail.get_body(("html",)).get_content()
    for said in ("F00", "F01", "2 010,00 €".replace(" ", "\u202f", 1), "FR76 3000 6000 0112 3456 7890 189"):
        assert said.replace("\u202f", " ") in text.replace("\u202f", " ").replace("\xa0", " ").replace("  ", " ") or (
            said in text
        )
    assert "cid:encours-qr" in page
    assert "<0>" not in page
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds.count("image/png") == 1
    (statement,) = [part for part in mail.iter_attachments() if part.get_content_type() == "application/pdf"]
    assert statement.get_content().startswith(b"%PDF")
    made.refresh_from_db()
    assert (made.state, made.provider_id) == ("sent", "2.0.0 queued as ABC123")
    touches = Touch.objects.filter(is_current=True).order_by("item_id")
    assert [(row.item_id, row.level, row.channel) for row in touches] == [
        ("A:F00", "firm", "email"),
        ("A:F01", "firm", "email"),
    ]
    assert {row.sent_on for row in touches} == {made.sent_at.astimezone(clock.ZONE).date()}
    assert frames.read_book(["A"]).table("touches").height == 2
    assert PlannedAction.objects.get().state == "done"
    assert audit.verify().intact


def test_what_is_asked_twice_is_one_message_and_in_the_customers_language() -> None:
    action = plan_action("2")
    one = compose_message(job("test"), action.action_id)
    assert compose_message(job("test"), action.action_id) == one
    assert one.language == "en"
    assert "In spite of our earlier reminder" in one.text
    assert one.state == "to_confirm"
    action.refresh_from_db()
    assert action.state == "queued"


def test_customer_text_never_becomes_markup() -> None:
    made = compose_message(job("test"), plan_action(template="statement").action_id, Wish(text="{{ customer.name }}"))
    assert made.text.strip() == "Client <0> & fils"
    assert "Client &lt;0&gt; &amp; fils" in made.html
    assert "<0>" not in made.html


def test_nothing_leaves_in_test_mode_and_every_message_can_be_seen() -> None:
    keep("mail.test_mode", True)
    with smtp_server() as (port, inbox):
        to_server(port)
        action = plan_action(mode="automatic")
        assert "F00" in preview_message(job("test"), action.action_id).words.text
        made = compose_message(job("test"), action.action_id)
        assert made.state == "to_confirm"
        with pytest.raises(CallError, match="test mode"):
            approve_messages(job("test"), [made.pk])
        Message.objects.update(state="queued", send_after=clock.now() - timedelta(1))
        assert send_messages().stopped == {"A": "test_mode"}
        assert inbox.taken == []


def test_a_link_to_the_statement_goes_along_once_a_public_address_is_set() -> None:
    keep("mail.test_mode", False)
    assert "/s/" not in compose_message(job("test"), plan_action("1", template="reminder_friendly").action_id).text
    keep("portal.public_address", "https://releves.example.com")
    action = plan_action(template="reminder_friendly")
    assert "/s/" not in preview_message(job("test"), action.action_id).words.text, "a look publishes nothing"
    assert PublishedStatement.objects.count() == 0
    made = compose_message(job("test"), action.action_id)
    link = live_links(job("test"), action.customer_id)[0].address
    assert link.startswith("https://releves.example.com/s/")
    assert link in made.text
    assert link in made.html


def test_automatic_messages_queue_but_formal_ones_never() -> None:
    assert compose_message(job("test"), plan_action(mode="automatic").action_id).state == "queued"
    one = {"email": "daf@example.com", "name": "Aline Roux", "title": "Directrice", "delegation": "acte du 2 janvier"}
    keep("letters.signatories", [one])
    formal = plan_action("1", mode="automatic", formal=True, template="formal_notice", signatory="cfo")
    assert compose_message(job("test"), formal.action_id).state == "to_confirm"


@pytest.mark.parametrize("channel", ["sms", "voice", "portal"])
def test_what_no_channel_carries_is_never_queued(channel: str) -> None:
    action = plan_action(channel=channel, mode="automatic")
    with pytest.raises(CallError, match=f"no channel for {channel} is set up"):
        compose_message(job("test"), action.action_id)
    with pytest.raises(CallError, match=f"no channel for {channel} is set up"):
        preview_message(job("test"), action.action_id)
    assert not Message.objects.exists()


def test_approval_says_count_total_and_the_largest_and_can_be_taken_back() -> None:
    to_server(25)
    manager = person("manager", "credit_manager")
    made = [compose_message(job("test"), plan_action(n).action_id) for n in "01"]
    keys = [row.pk for row in made]
    shown = approve_messages(manager, keys)
    assert (shown.count, shown.totals) == (2, (("EUR", 402_000),))
    assert [large.amount for large in shown.largest] == [201_000, 201_000]
    again = approve_messages(manager, keys)
    assert (again.count, set(again.done)) == (0, set(keys))
    assert send_messages().handled == 0, "the ten minutes are not over"
    assert recall_messages(manager, keys) == 2
    assert {row.state for row in Message.objects.all()} == {"to_confirm"}
    discard_message(manager, keys[0], "not now")
    assert PlannedAction.objects.get(customer_id="A:0").state == "skipped"
    assert audit.verify().intact


def _many(count: int) -> list[uuid.UUID]:
    rows = [
        Message(
            entity_id="A", customer_id="A:0", channel="email", state=Message.State.TO_CONFIRM, amount=100 + number,
            currency="EUR", to=["compta0@client.example"], sender="recouvrement@example.com",
            subject=f"Rappel {number}", text="Bonjour", created_at=clock.now(),
        )
        for number in range(count)
    ]  # fmt: skip
    return [row.pk for row in Message.objects.bulk_create(rows)]


@pytest.mark.parametrize("signatures", [1, 2])
def test_a_thousand_are_approved_in_few_queries_each_with_its_event_decision_and_entry(signatures: int) -> None:
    to_server(25)
    if signatures == 2:
        Delegation.objects.create(
            entity_id="A", role_kind="credit_manager", act="approve_message", second_signature_from=1
        )
    manager, keys = person("manager", "credit_manager"), _many(1_000)
    with CaptureQueriesContext(connection) as asked:
        done = approve_messages(manager, keys)
    assert len(asked) <= 40, "however many there are"
    assert (done.count, len(done.second)) == ((1_000, 0) if signatures == 1 else (0, 1_000))
    entries = AuditEntry.objects.filter(act="approve_message", actor=manager.name, subject__in=[str(k) for k in keys])
    assert entries.count() == 1_000
    kind = "approved" if signatures == 1 else "signed"
    assert MessageEvent.objects.filter(message__in=keys, kind=kind).count() == 1_000
    assert Decision.objects.filter(subject_id__in=[str(k) for k in keys]).count() == (1_000 if signatures == 1 else 0)
    rows = Message.objects.filter(pk__in=keys)
    wanted = {"state": "queued", "approved_by": manager.user} if signatures == 1 else {"signed_by": manager.user}
    assert rows.filter(**wanted).count() == 1_000
    assert audit.verify().intact


def test_a_delegation_asks_for_a_second_person() -> None:
    to_server(25)
    Delegation.objects.create(
        entity_id="A", role_kind="collector", act="approve_message", second_signature_from=100_000
    )
    one, other = person("one", "collector"), person("other", "collector")
    made = compose_message(job("test"), plan_action().action_id)
    assert approve_messages(one, [made.pk]).second == (made.pk,)
    with pytest.raises(NotAllowedError, match="own_act"):
        approve_messages(one, [made.pk])
    assert approve_messages(other, [made.pk]).count == 1


def test_who_may_not_see_the_customer_may_not_send() -> None:
    made = compose_message(job("test"), plan_action().action_id)
    with pytest.raises(NotAllowedError):
        approve_messages(person("seller", "sales"), [made.pk])
    with pytest.raises(NotAllowedError):
        compose_message(Actor(None, "nobody", {}), plan_action("1").action_id)


def test_what_changed_meanwhile_stops_the_message() -> None:
    with smtp_server() as (port, inbox):
        to_server(port)
        queued()
        open_dispute(job("test"), "A:F00", "price")
        assert send_messages().cancelled == 1
        second = queued("1")
        Contact.objects.filter(contact_id="A:c1").update(bounced_on=clock.today())
        assert send_messages().cancelled == 1
        third = queued("2")
        refused = {"event_id": "A:e", "subject": "item", "subject_id": "A:F20", "kind": "einvoice:210"}
        write_fact("events", {**refused, "on": clock.today()}, "A")
        assert send_messages().cancelled == 1, "a gate of the firewall, asked again"
        assert inbox.taken == []
    third.refresh_from_db()
    assert third.error
    second.refresh_from_db()
    assert (second.state, second.error) == ("cancelled", "compta1@client.example is no longer an address to write to")
    assert set(PlannedAction.objects.values_list("state", flat=True)) == {"superseded"}


def test_two_creditors_are_never_in_one_message() -> None:
    row = {"event_id": "A:e", "subject": "item", "subject_id": "A:F00", "kind": "factor:assigned", "on": clock.today()}
    write_fact("events", {**row, "value": "BigFactor"}, "A")
    action = plan_action()
    with pytest.raises(CallError, match="one collector"):
        compose_message(job("test"), action.action_id)
    action.lines.exclude(item_id="A:F00").delete()
    with pytest.raises(CallError, match="not in the settings"):
        compose_message(job("test"), action.action_id)
    factor = {"code": "BigFactor", "name": "BigFactor SA", "iban": FACTOR_IBAN, "bic": "", "mention": ""}
    keep("payment.factors", [factor])
    made = compose_message(job("test"), action.action_id)
    assert "BigFactor SA" in made.text
    assert "FR14 2004 1010" in made.text
    assert IBAN[:4] not in made.text
    assert "subrogation" in made.text


def test_a_busy_server_is_asked_again_and_a_refusal_is_final() -> None:
    inbox = Inbox(answers=["451 4.3.0 try later", "250 ok"], refuse={"compta1@client.example"})
    with smtp_server(inbox) as (port, _):
        to_server(port)
        first = queued()
        assert send_messages().retried == 1
        first.refresh_from_db()
        assert first.state == "queued"
        assert first.attempts == 1
        assert first.send_after > clock.now()
        now_due()
        assert send_messages().sent == 1
        second = queued("1")
        assert send_messages().failed == 1
    second.refresh_from_db()
    assert "5.1.1" in second.error
    assert Contact.objects.get(contact_id="A:c1", is_current=True).bounced_on == clock.today()
    assert len(inbox.taken) == 1


def test_a_server_that_is_away_stops_the_entity_and_costs_no_attempt() -> None:
    to_server(1)
    made = queued()
    done = send_messages()
    assert done.handled == 0
    assert "cannot be reached" in done.stopped["A"]
    made.refresh_from_db()
    assert (made.state, made.attempts) == ("queued", 0)


def test_an_answer_that_never_came_is_uncertain_and_a_person_says() -> None:
    inbox = Inbox(hang_up=True)
    with smtp_server(inbox) as (port, _):
        to_server(port)
        made, other = queued(), queued("1")
        assert send_messages().uncertain == 2
        assert send_messages().handled == 0
    assert settle_uncertain().open == 2
    resolve_uncertain(job("test"), made.pk, left=True)
    assert resolve_uncertain(job("test"), made.pk, left=True).state == "sent"
    assert Touch.objects.filter(is_current=True).count() == 2
    assert resolve_uncertain(job("test"), other.pk, left=False).state == "queued"
    with pytest.raises(CallError, match="not uncertain"):
        resolve_uncertain(job("test"), made.pk, left=False)
    assert MessageEvent.objects.filter(message=other, kind="not_left").count() == 1


def test_a_dead_workers_message_is_uncertain_and_a_living_ones_is_left() -> None:
    from encours.usecases.worker_life import living

    to_server(25)
    made, other = queued(), queued("1")
    dead = subprocess.run(
        [sys.executable, "-c", "import os,socket;print(f'{socket.gethostname()[:60]}:{os.getpid()}:dead')"],
        check=True, capture_output=True, text=True, env=os.environ,
    ).stdout.strip()  # fmt: skip
    with living() as alive:
        Message.objects.filter(pk=made.pk).update(state="sending", claimed_by=dead, claimed_at=clock.now())
        Message.objects.filter(pk=other.pk).update(state="sending", claimed_by=alive, claimed_at=clock.now())
        assert find_uncertain() == 1
    made.refresh_from_db()
    other.refresh_from_db()
    assert (made.state, other.state) == ("uncertain", "sending")


def test_the_pace_is_kept() -> None:
    with smtp_server() as (port, inbox):
        to_server(port)
        Setting.objects.filter(key="mail.per_minute").update(value=1)
        queued()
        queued("1")
        done = send_messages()
        assert (done.sent, done.stopped) == (1, {"A": "pace"})
        assert len(inbox.taken) == 1


def test_nobody_to_write_to_is_said() -> None:
    Contact.objects.filter(contact_id="A:c0").update(opt_out="email")
    with pytest.raises(CallError, match="opted_out"):
        compose_message(job("test"), plan_action().action_id)
