"""Letters that leave through a print provider: batched, handed over once, their proofs read back."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pypdf
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from encours.connectors.print_folder.read import DELIVERED, REFUSED, RETURNED, Proof, read_proofs
from encours.connectors.print_folder.write import Sheet, hand_over, handed_over
from encours.core.base.issue import CallError
from encours.core.base.money import EXPONENTS
from encours.store import audit, parquet
from encours.store.models import Message, MessageEvent, PlannedAction, PrintBatch, PrintedLetter
from encours.usecases import clock
from encours.usecases.ask_firewall import firewall_now
from encours.usecases.compose_letter import LETTERS
from encours.usecases.letter_parts import address_lines, parties_of
from encours.usecases.manage_settings import setting
from encours.usecases.message_files import read_files
from encours.usecases.outbox import catch_up, give_back, mark_sent, set_aside
from encours.usecases.recheck_messages import whys_not
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.tell_copied import tell_copied

#: Channels that go through the printer.
CHANNELS = LETTERS
_ACT, _PDF = "bulk_send", "application/pdf"
_BATCH_MAX = 2_000


@dataclass(frozen=True)
class ProofsRead:
    """What came of a file of proofs: letters with news, rows that said nothing new, and faults as (line, sentence).

    `owed`: rows that are news of other entities' letters; they are kept when those entities read the file.
    """

    news: int
    known: int
    faults: list[tuple[int, str]] = field(default_factory=list)
    owed: int = 0


def print_folder() -> Path:
    """The provider's folder (ENCOURS_PRINT_FOLDER; default `print` in the data folder), with `out` and `returns`."""
    return Path(os.environ.get("ENCOURS_PRINT_FOLDER") or Path(settings.HOME) / "print")


def print_letters(actor: Actor, entity_id: str) -> list[PrintBatch]:
    """Hands over the letters that wait and were approved; first, what an earlier run began. [] where none waits.

    A letter is claimed by its batch before a file is written and counts as sent when the batch's folder has its name;
    a death at any point is resumed by the next run, and no letter is in two batches. In test mode nothing is claimed.
    Raises NotAllowedError; OSError where the folder cannot be written.
    """
    require(actor, _ACT, entity_id)
    begun = list(PrintBatch.objects.filter(entity_id=entity_id, state=PrintBatch.State.WRITING).order_by("pk"))
    if not setting("mail.test_mode", entity_id, clock.today()):
        while (batch := _claim(actor, entity_id)) is not None:
            begun.append(batch)
    return [_finish(actor, batch) for batch in begun]


def _claim(actor: Actor, entity_id: str) -> PrintBatch | None:
    """The next batch with its letters, committed before anything is written. None: no letter waits."""
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        waiting = Message.objects.filter(
            Q(send_after__isnull=True) | Q(send_after__lte=clock.now()),
            entity_id=entity_id, channel__in=CHANNELS, state=Message.State.QUEUED, printed__isnull=True,
        )  # fmt: skip
        letters = _standing(list(waiting.order_by("customer_id", "pk")[:_BATCH_MAX]))
        if not letters:
            return None
        total = sum(abs(one.amount) for one in letters)
        permission = require(actor, _ACT, entity_id, total)
        if permission.second_signature:
            raise NotAllowedError(_ACT, entity_id, permission.why)
        batch = PrintBatch.objects.create(
            name=_name(entity_id), entity_id=entity_id, user=actor.user, made_at=clock.now(), letters=len(letters)
        )
        PrintedLetter.objects.bulk_create(
            PrintedLetter(batch=batch, message=one, name=f"{number:04}-{one.pk.hex[:12]}.pdf")
            for number, one in enumerate(letters, 1)
        )
        Message.objects.filter(pk__in=[one.pk for one in letters]).update(
            state=Message.State.SENDING, claimed_at=clock.now(), claimed_by=batch.name
        )
    return batch


def _standing(letters: list[Message]) -> list[Message]:
    """The letters that may still leave; the others are called back and say why."""
    kept = []
    if not letters:
        return []
    whys = whys_not(letters, firewall_now(letters[0].entity_id, clock.today(), letters))
    for one in letters:
        if why := whys[one.pk]:
            set_aside(one, why, clock.now())
        else:
            kept.append(one)
    return kept


def _name(entity_id: str) -> str:
    plain = "".join(sign if sign.isalnum() else "-" for sign in entity_id)[:32]
    start = f"{plain}-{clock.today():%Y%m%d}-"
    return f"{start}{PrintBatch.objects.filter(name__startswith=start).count() + 1:04}"


def _finish(actor: Actor, batch: PrintBatch) -> PrintBatch:
    """Writes the folder and marks its letters as sent; what cannot be set is taken out of the batch and told."""
    out, marks = print_folder() / "out", Path(settings.HOME) / "print-marks"
    letters = list(batch.printed.select_related("message", "message__signed_by").order_by("name"))
    control, failed = handed_over(out, marks, batch.name), dict[str, str]()
    if control is None:
        sheets, failed = _sheets(letters)
        control = hand_over(out, marks, batch.name, sheets) if sheets else None
    held = control.files if control else {}
    printed = [one for one in letters if one.name in held]
    with transaction.atomic():
        parquet.lock_entity(batch.entity_id)
        batch = PrintBatch.objects.select_for_update().get(pk=batch.pk)
        if batch.state == PrintBatch.State.LEFT:
            return batch
        now = clock.now()
        for one in letters:
            if one.name not in held:
                why = failed.get(one.name, "it could not be printed")
                give_back(one.message, Message.State.FAILED, why, now, "failed")
                one.delete()
        for one in printed:
            one.sha256, one.pages = held[one.name]
        PrintedLetter.objects.bulk_update(printed, ["sha256", "pages"])
        for one in printed:
            mark_sent(one.message, now, provider_id=batch.name, how="printed", detail=batch.name, actor=actor.name)
        tell_copied(_actions(printed), None)
        batch.state, batch.left_at, batch.letters = PrintBatch.State.LEFT, clock.now(), len(printed)
        if control is not None:
            batch.pages, batch.total, batch.sha256 = control.pages, control.total, control.sha256
        batch.save()
        after = {"letters": batch.letters, "pages": batch.pages, "total": batch.total, "index": batch.sha256}
        subject = f"batch:{batch.name}"
        audit.append(clock.now(), actor.name, "print_letters", entity_id=batch.entity_id, subject=subject, after=after)
    catch_up({batch.entity_id})
    return batch


def _actions(letters: Sequence[PrintedLetter]) -> list[PlannedAction]:
    """The planned actions that these letters carry out."""
    wanted = [one.message.action_id for one in letters if one.message.action_id]
    return list(PlannedAction.objects.filter(action_id__in=wanted).order_by("action_id"))


def _sheets(letters: Sequence[PrintedLetter]) -> tuple[list[Sheet], dict[str, str]]:
    """The letters of a batch as they were approved, and file name -> why one cannot be printed."""
    sheets, failed = [], {}
    for one in letters:
        message = one.message
        try:
            content = next((file.content for file in read_files(message) if file.content_type == _PDF), None)
            if content is None:
                raise CallError(["the letter was not set when it was approved"])
            who = parties_of(message.entity_id, message.customer_id or "", clock.today(), message.language)
        except CallError as error:
            failed[one.name] = "; ".join(error.faults)
            continue
        pages, scale = len(pypdf.PdfReader(io.BytesIO(content)).pages), EXPONENTS.get(message.currency, 2)
        sheets.append(
            Sheet(
                one.name, content, pages, message.channel, message.pk.hex[:12], message.customer_id or "",
                message.currency, message.amount, scale, tuple(message.to or address_lines(who)),
            )
        )  # fmt: skip
    return sheets, failed


def take_proofs(actor: Actor, entity_id: str, content: bytes) -> ProofsRead:
    """What a provider's file says of the entity's letters, kept on each; the file itself is kept as evidence.

    The same file twice changes nothing. Raises NotAllowedError.
    """
    require(actor, "approve_message", entity_id)
    proofs, faults = read_proofs(content)
    news = elsewhere = owed = 0
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        for proof in proofs:
            letter = _letter_of(proof, batch__entity_id=entity_id)
            if letter is None and (other := _letter_of(proof)) is not None:
                elsewhere += 1
                owed += _is_news(other, proof)
            elif letter is None:
                faults.append((proof.line, "no letter of ours bears this file name or tracking number"))
            elif _is_news(letter, proof):
                _keep(letter, proof)
                news += 1
        if news:
            digest = hashlib.sha256(content).hexdigest()
            _store(digest, content)
            after = {"letters": news, "sha256": digest}
            audit.append(clock.now(), actor.name, "take_proofs", entity_id=entity_id, after=after)
    wrong = sum(1 for line, _ in faults if line in {proof.line for proof in proofs})
    return ProofsRead(news, len(proofs) - news - elsewhere - wrong, sorted(faults), owed)


def collect_proofs(actor: Actor, entity_id: str) -> ProofsRead:
    """Reads what lies in the provider's `returns`; read files move to `returns/done`, those with faults stay.

    One provider prints for several entities: a file of theirs moves when the last of them has read it.
    """
    folder = print_folder() / "returns"
    total = ProofsRead(0, 0)
    for path in sorted(folder.glob("*.csv")):
        found = take_proofs(actor, entity_id, path.read_bytes())
        named = [(line, f"{path.name}: {fault}") for line, fault in found.faults]
        sums = total.news + found.news, total.known + found.known
        total = ProofsRead(*sums, [*total.faults, *named], total.owed + found.owed)
        if not found.faults and not found.owed:
            (folder / "done").mkdir(exist_ok=True)
            path.rename(folder / "done" / path.name)
    return total


def _letter_of(proof: Proof, **where: str) -> PrintedLetter | None:
    letters = PrintedLetter.objects.filter(**where).select_related("message").order_by("-pk")
    if proof.file:
        name = proof.file.replace("\\", "/").rsplit("/", 1)[-1]
        batch = proof.file.replace("\\", "/").rsplit("/", 2)[-2] if "/" in proof.file.replace("\\", "/") else ""
        named = letters.filter(name=name)
        return (named.filter(batch__name=batch).first() if batch else None) or named.first()
    return letters.filter(tracking=proof.tracking).first()


def _is_news(letter: PrintedLetter, proof: Proof) -> bool:
    """Whether the row says more than is known: an older one does not undo a later one."""
    if letter.proof_on is not None and proof.on < letter.proof_on:
        return False
    return (letter.proof, letter.proof_on, letter.tracking) != (
        proof.status, proof.on, proof.tracking or letter.tracking
    )  # fmt: skip


def _keep(letter: PrintedLetter, proof: Proof) -> None:
    letter.proof, letter.proof_on, letter.detail = proof.status, proof.on, proof.detail
    letter.tracking = proof.tracking or letter.tracking
    letter.save()
    state = {DELIVERED: Message.State.DELIVERED, REFUSED: Message.State.DELIVERED, RETURNED: Message.State.BOUNCED}
    if proof.status in state:  # a refused letter was presented: for the law it has reached its addressee
        Message.objects.filter(pk=letter.message_id).update(state=state[proof.status])
    said = " · ".join(filter(None, (proof.on.isoformat(), letter.tracking, proof.detail)))
    MessageEvent.objects.create(message_id=letter.message_id, kind=proof.status, at=clock.now(), detail=said)


def _store(digest: str, content: bytes) -> None:
    path = Path(settings.HOME) / "print-proofs" / f"{digest}.csv"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(content)
        part.replace(path)
