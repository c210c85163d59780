"""Letters to the printer: each in one batch, handed over once whenever the process dies, proofs read back."""

from __future__ import annotations

import csv
import hashlib
import io
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from encours.connectors.base.outgoing import Attachment
from encours.connectors.print_folder import write as folder_writing
from encours.store.models import (
    Item,
    Message,
    MessageEvent,
    MessageFile,
    MessageItem,
    MessageTemplate,
    PlannedAction,
    PlannedLine,
    PrintBatch,
    PrintedLetter,
    Role,
    Setting,
    Touch,
    User,
)
from encours.store.rights import actor_of, job
from encours.usecases import clock, message_files, print_letters
from encours.usecases.approve_messages import approve_messages
from encours.usecases.compose_letter import letter_for
from encours.usecases.compose_message import compose_message
from encours.usecases.letter_files import letter_pdf
from encours.usecases.letter_parts import letter_data
from encours.usecases.send_messages import find_uncertain
from tests.usecases.letter_cases import a_customer, a_letter, an_invoice, workshop

pytestmark = pytest.mark.django_db
_ACTOR = "printer"


def waiting(customer: str, number: str, **more: Any) -> Message:
    """An approved letter about one overdue invoice of 100 euros."""
    item = an_invoice(customer, number, 100_00, date(2025, 8, 1))
    facts = {"channel": "letter", "state": "queued", "template": "reminder_friendly", "step": "letter-20"} | more
    message = Message.objects.create(
        entity_id="A", customer_id=customer, currency="EUR", amount=100_00, created_at=clock.now(), **facts
    )
    MessageItem.objects.create(message=message, item_id=item.item_id, amount=item.amount)
    pdf = letter_pdf(a_letter(customer, "friendly", item))
    MessageFile.objects.bulk_create(message_files.written(message, [Attachment("lettre.pdf", "application/pdf", pdf)]))
    return message


@pytest.fixture
def letters() -> list[Message]:
    """Two letters that wait, of two customers; test mode is lifted."""
    workshop(mail__test_mode=False)
    return [
        waiting(a_customer("Dupin"), "F1"),
        waiting(a_customer("Morin", address="1 rue du Port, 29200 Brest"), "F2"),
    ]


def out() -> Path:
    return print_letters.print_folder() / "out"


def states() -> list[str]:
    return sorted(Message.objects.values_list("state", flat=True))


def test_a_batch_has_its_letters_an_index_and_totals_that_tie(letters: list[Message]) -> None:
    (batch,) = print_letters.print_letters(job(_ACTOR), "A")
    folder = out() / batch.name
    rows = list(csv.DictReader(io.StringIO((folder / "index.csv").read_text()), delimiter=";"))
    assert [row["line1"] for row in rows] == ["Société Dupin", "Société Morin"]
    assert [row["amount"] for row in rows] == ["100.00", "100.00"]
    assert rows[1]["line4"] == "29200 Brest"
    for row in rows:
        content = (folder / row["file"]).read_bytes()
        assert (row["sha256"], int(row["bytes"])) == (hashlib.sha256(content).hexdigest(), len(content))
    control = dict(line.split(";") for line in (folder / "control.csv").read_text().split())
    assert (control["letters"], control["total_minor_EUR"]) == ("2", "20000")
    assert control["index_sha256"] == hashlib.sha256((folder / "index.csv").read_bytes()).hexdigest() == batch.sha256
    assert states() == ["sent", "sent"]
    touches = Touch.objects.filter(is_current=True).order_by("customer_id").values_list("item_id", "level", "channel")
    assert list(touches) == [("A:F1", "letter-20", "letter"), ("A:F2", "letter-20", "letter")]
    assert print_letters.print_letters(job(_ACTOR), "A") == []


def test_in_test_mode_nothing_is_claimed(letters: list[Message]) -> None:
    Setting.objects.filter(key="mail.test_mode").update(value=True)
    assert print_letters.print_letters(job(_ACTOR), "A") == []
    assert states() == ["queued", "queued"]
    assert not out().exists()


def test_what_was_paid_since_does_not_go_to_the_printer(letters: list[Message]) -> None:
    Item.objects.filter(item_id="A:F1").update(open=0)
    (batch,) = print_letters.print_letters(job(_ACTOR), "A")
    assert batch.letters == 1
    assert states() == ["cancelled", "sent"]
    assert "settled meanwhile" in Message.objects.get(state="cancelled").error


def test_a_letter_whose_file_is_no_longer_what_was_approved_fails_alone_and_says_why(letters: list[Message]) -> None:
    lost = waiting(a_customer("Sans"), "F3")
    (Path(settings.HOME) / lost.files.get().path).write_bytes(b"%PDF-1.4 another")
    (batch,) = print_letters.print_letters(job(_ACTOR), "A")
    assert (batch.letters, states()) == (2, ["failed", "sent", "sent"])
    assert "no longer what was approved" in Message.objects.get(state="failed").error


def test_the_mail_worker_leaves_letters_to_the_printer(letters: list[Message]) -> None:
    Message.objects.update(state="sending", claimed_by="A-20250910-0001")
    assert find_uncertain() == 0
    assert states() == ["sending", "sending"]


def test_a_planned_letter_is_set_once_approved_and_printed_as_it_was_approved() -> None:
    workshop(mail__test_mode=False)
    customer = a_customer("Dupin")
    item = an_invoice(customer, "F1", 1_200_000, date(2025, 6, 30))
    action = PlannedAction.objects.create(
        entity_id="A", action_id="A:x", day=clock.today(), customer_id=customer, currency="EUR", scenario="sme",
        step="formal_notice", level=4, channel="registered_letter", template="formal_notice", formal=True,
        mode="automatic", amount=1_200_000,
    )  # fmt: skip
    PlannedLine.objects.create(action=action, item_id=item.item_id, amount=item.amount, held=0)
    message = compose_message(job(_ACTOR), "A:x")
    assert compose_message(job(_ACTOR), "A:x") == message
    assert message.state == "to_confirm", "a formal notice waits for a person whatever the scenario says"
    assert "Société Dupin" in message.text
    manager = User.objects.create_user("manager", "manager@example.com")
    Role.objects.create(user=manager, entity_id="A", kind=Role.Kind.CREDIT_MANAGER)
    approve_messages(actor_of(manager), [message.pk])
    assert print_letters.print_letters(job(_ACTOR), "A") == [], "for ten minutes it can be recalled"
    Message.objects.update(send_after=clock.now())
    (batch,) = print_letters.print_letters(job(_ACTOR), "A")
    assert (out() / batch.name / batch.printed.get().name).read_bytes() == message_files.read_files(message)[0].content
    action.refresh_from_db()
    assert (action.state, states()) == ("done", ["sent"])
    assert Touch.objects.get(is_current=True).level == "formal_notice"


def test_the_users_own_letter_template_gives_the_words_around_the_tables() -> None:
    workshop()
    customer = a_customer("Dupin")
    item = an_invoice(customer, "F1", 1_200_000, date(2025, 6, 30))
    MessageTemplate.objects.create(
        code="letter_penalties", channel="letter", language="fr", tone="firm", changed_at=clock.now(),
        subject="Compte {{ customer.account }}", text="Bonjour,\n\nVoici.\n\n{{ table }}\n\nBien à vous.",
    )  # fmt: skip
    action = PlannedAction.objects.create(
        entity_id="A", action_id="A:y", day=clock.today(), customer_id=customer, currency="EUR", scenario="sme",
        step="letter", channel="letter", template="letter_penalties", mode="confirm", amount=1_200_000,
    )  # fmt: skip
    PlannedLine.objects.create(action=action, item_id=item.item_id, amount=item.amount, held=0)
    data = letter_data(letter_for(action))
    assert (data["subject"], data["before"], data["after"]) == (
        "Compte Dupin",
        ["Bonjour,", "Voici."],
        ["Bien à vous."],
    )
    assert data["penalties"] is not None


class _DeathError(BaseException):
    """The process is gone: nothing catches this."""


@pytest.mark.parametrize("at", ["before_files", "before_rename", "after_rename", "taken_away"])
def test_a_death_at_any_point_hands_over_each_letter_once(
    letters: list[Message], monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    handed: list[str] = []
    real = Path.rename

    def dying(self: Path, target: Path) -> Any:
        if self.name.endswith(".part") and self.is_dir():
            if at != "before_rename":
                real(self, target)
                handed.append(target.name)
                if at == "taken_away":
                    shutil.rmtree(target)  # the provider is quick
            raise _DeathError
        return real(self, target)

    with monkeypatch.context() as death:
        if at == "before_files":
            death.setattr(folder_writing, "_write", lambda path, content: (_ for _ in ()).throw(_DeathError))
        death.setattr(Path, "rename", dying)
        with pytest.raises(_DeathError):
            print_letters.print_letters(job(_ACTOR), "A")
    assert states() == ["sending", "sending"]

    def counting(self: Path, target: Path) -> Any:
        if self.is_dir():
            handed.append(target.name)
        return real(self, target)

    monkeypatch.setattr(Path, "rename", counting)
    print_letters.print_letters(job(_ACTOR), "A")
    print_letters.print_letters(job(_ACTOR), "A")
    assert states() == ["sent", "sent"]
    assert len(handed) == PrintBatch.objects.filter(state="left").count() == 1
    assert PrintedLetter.objects.exclude(sha256="").count() == 2
    assert Touch.objects.filter(is_current=True).count() == 2


def test_proofs_are_kept_on_their_letters_and_the_same_file_twice_is_once(letters: list[Message]) -> None:
    (batch,) = print_letters.print_letters(job(_ACTOR), "A")
    first, second = batch.printed.order_by("name")
    text = (
        "Fichier;Statut;Date;Numéro de suivi;Motif\r\n"
        f"{batch.name}/{first.name};Déposé;12/09/2025;1A 234;\r\n"
        f"{second.name};NPAI;15/09/2025;;Destinataire inconnu à l'adresse\r\n"
        "autre.pdf;Déposé;12/09/2025;;\r\n"
        f"{first.name};Égaré;12/09/2025;;\r\n"
    )
    read = print_letters.take_proofs(job(_ACTOR), "A", text.encode("cp1252"))
    assert (read.news, read.known, [line for line, _ in read.faults]) == (2, 0, [4, 5])
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.proof, first.proof_on, first.tracking) == ("posted", date(2025, 9, 12), "1A 234")
    assert (second.proof, second.detail) == ("returned", "Destinataire inconnu à l'adresse")
    assert states() == ["bounced", "sent"]
    events = (
        MessageEvent.objects.filter(kind__in=("posted", "delivered", "refused", "returned"))
        .order_by("kind")
        .values_list("kind", "detail")
    )
    assert [kind for kind, _ in events] == ["posted", "returned"]
    assert print_letters.take_proofs(job(_ACTOR), "A", text.encode("cp1252")).news == 0
    signed = "tracking,status,date\n1A 234,AR signé,2025-09-14\n"
    assert print_letters.take_proofs(job(_ACTOR), "A", signed.encode()).news == 1
    assert states() == ["bounced", "delivered"]
    older = "tracking,status,date\n1A 234,posted,2025-09-12\n"
    assert print_letters.take_proofs(job(_ACTOR), "A", older.encode()).news == 0


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\xfe", b"a;b\n1;2", b'status;date;file\n"', b"status;date;file\nposted;99/99/2025;x"]
)
def test_a_file_that_is_no_list_of_proofs_says_so(letters: list[Message], content: bytes) -> None:
    read = print_letters.take_proofs(job(_ACTOR), "A", content)
    assert read.news == 0
    assert read.faults or content.count(b"\n") == 1


def test_files_in_the_providers_folder_are_read_and_put_away(letters: list[Message]) -> None:
    (batch,) = print_letters.print_letters(job(_ACTOR), "A")
    returns = print_letters.print_folder() / "returns"
    returns.mkdir(parents=True)
    name = batch.printed.order_by("name")[0].name
    (returns / "good.csv").write_text(f"file;status;date\n{name};posted;2025-09-12\n")
    (returns / "bad.csv").write_text("file;status;date\nother.pdf;posted;2025-09-12\n")
    read = print_letters.collect_proofs(job(_ACTOR), "A")
    assert (read.news, len(read.faults)) == (1, 1)
    assert "bad.csv" in read.faults[0][1]
    assert [path.name for path in returns.glob("*.csv")] == ["bad.csv"]


def test_a_file_with_letters_of_two_entities_is_put_away_when_both_have_read_it(letters: list[Message]) -> None:
    (batch,) = print_letters.print_letters(job(_ACTOR), "A")
    first, second = batch.printed.order_by("name")[:2]
    workshop("B")
    other = PrintBatch.objects.create(entity_id="B", name="b", made_at=clock.now())
    PrintedLetter.objects.filter(pk=second.pk).update(batch=other)
    returns = print_letters.print_folder() / "returns"
    returns.mkdir(parents=True)
    rows = "".join(f"{one.name};posted;2025-09-12\n" for one in (first, second))
    (returns / "both.csv").write_text("file;status;date\n" + rows)
    read = print_letters.collect_proofs(job(_ACTOR), "A")
    assert (read.news, read.faults, read.owed) == (1, [], 1)
    assert list(returns.glob("*.csv"))
    read = print_letters.collect_proofs(job(_ACTOR), "B")
    assert (read.news, read.faults, read.owed) == (1, [], 0)
    assert not list(returns.glob("*.csv"))
