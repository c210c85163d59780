"""What stands on a letter, as plain texts for the template: heads, items, penalties, payment, signature, mentions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal

from encours.core.base.issue import CallError
from encours.core.terms.interest import Line
from encours.store.models import Contact, Customer, Entity, Item
from encours.usecases.chased_facts import customer_of, customers_of, entity_of, items_of
from encours.usecases.claim_penalties import Penalty, penalties
from encours.usecases.frame_words import said_in
from encours.usecases.letter_setup import sender_of
from encours.usecases.letters import says
from encours.usecases.manage_settings import setting
from encours.usecases.message_template import one_line
from encours.usecases.payment_block import Chased, PaymentBlock, payment_block
from encours.usecases.step_people import posted_to, signatory_of

Kind = Literal["friendly", "firm", "formal_notice", "last_notice"]
#: The letters there are; the fifth document is the statement of account.
KINDS: tuple[Kind, ...] = ("friendly", "firm", "formal_notice", "last_notice")
_CLAIMING = frozenset({"firm", "formal_notice", "last_notice"})
_SIGNED = frozenset({"formal_notice", "last_notice"})
_PAY_WITHIN_DAYS = 8  # of all but the formal notice, whose days are a setting
_TABLES = "---"
_LINES_MAX = 6


#: (the letter's values, its sums) -> (subject, text).
Words = Callable[[Mapping[str, str], "Sums"], tuple[str, str]]


@dataclass(frozen=True)
class Letter:
    """A letter to be set. What is empty is filled from the facts, the settings and the ready texts.

    `items`: what it asks for; an item's held part is named and not asked. `channel`: letter, registered_letter, or
    email for a letter that goes as a file. `text`: paragraphs parted by blank lines, `---` where the tables stand.
    `words`: what says subject and text instead, out of the letter's own values and sums. `draft`: to be looked at
    only, so that address and signatory may lack. `claim`: whether penalties are asked for; default by kind, never of
    a consumer. `signatory`: the role that signs ("" any). `contact_id`: to whom; `contact`:
    whom to answer, as printed. `to`: the contact roles to which its step writes. `formal`: of a formal step, so that
    it bears its signatory whatever its kind.
    """

    entity_id: str
    customer_id: str
    kind: Kind
    items: tuple[Chased, ...]
    day: date
    language: str = ""
    channel: str = "letter"
    subject: str = ""
    text: str = ""
    reference: str = ""
    contact: str = ""
    contact_id: str = ""
    to: tuple[str, ...] = ()
    formal: bool = False
    pay_by: date | None = None
    claim: bool | None = None
    signatory: str = ""
    words: Words | None = None
    draft: bool = False


@dataclass(frozen=True)
class Parties:
    """Who writes to whom, and in which language."""

    entity: Entity
    customer: Customer
    contact: Contact | None
    language: str
    day: date


@dataclass(frozen=True)
class Sums:
    """What a letter asks for in all: `indemnity` in euro cents, the rest in minor units of `currency`."""

    currency: str
    principal: int
    interest: int
    indemnity: int
    invoices: int

    @property
    def extra(self) -> int:
        """What penalties add to the amount to pay; the indemnity only where the invoices are in euro as it is."""
        return self.interest + (self.indemnity if self.currency == "EUR" else 0)

    @property
    def total(self) -> int:
        """What is to be paid in `currency`."""
        return self.principal + self.extra


def parties_of(
    entity_id: str, customer_id: str, day: date, language: str = "", contact_id: str = "", roles: Sequence[str] = ()
) -> Parties:
    """The entity, the customer and the contact written to, of a step that writes to `roles`.

    Raises CallError for an unknown customer.
    """
    entity, customer = entity_of(entity_id), customer_of(customer_id)
    if entity is None or customer is None or customer.entity_id != entity_id:
        raise CallError([f"{customer_id} is not a customer of {entity_id}"])
    contact = posted_to(customer_id, roles, contact_id)
    spoken = language or (contact.language if contact else None) or customer.language
    wanted = says.language_of(spoken, customer.country or entity.country)
    return Parties(entity, customer, contact, said_in(entity_id, wanted, "letter"), day)


def address_lines(who: Parties) -> list[str]:
    """The address as it stands in the window, six lines at most; abroad the country last."""
    lines = [str(who.customer.name)]
    if who.contact is not None:
        text = (who.contact.address or "").replace("\r", "")
        parts = [part.strip() for part in (text.split("\n") if "\n" in text else text.split(","))]
        name = who.contact.name if who.customer.kind != "consumer" else None
        lines += [line for line in [name or "", *parts] if line and line.casefold() != lines[0].casefold()]
    away = who.customer.country and who.customer.country != who.entity.country
    place = says.country(who.customer.country, who.language).upper() if away else ""
    if place and place.casefold() not in {line.casefold() for line in lines}:
        return [*lines[: _LINES_MAX - 1], place]
    return lines[:_LINES_MAX]


def head(
    who: Parties, title: str, reference: str = "", contact: str = "", *, registered: bool = False
) -> dict[str, Any]:
    """Letterhead, address, references and date."""
    language, entity = who.language, who.entity
    sender = sender_of(entity.pk, who.day)
    say = partial(says.word, language)
    reach = " · ".join(filter(None, (f"{say('phone')} {sender.phone}" if sender.phone else "", sender.email)))
    numbers = [
        f"SIREN {_siren(entity.legal_id)}" if entity.legal_id and entity.country == "FR" else entity.legal_id or ""
    ]
    numbers.append(f"{say('vat')} {sender.vat_id}" if sender.vat_id else "")
    long_day = says.day(who.day, language, "long")
    references = [
        (say("account"), who.customer.customer_id.removeprefix(f"{entity.pk}:")),
        (say("your_siren"), _siren(who.customer.legal_id) if who.customer.country in ("FR", None) else None),
        (say("your_vat"), who.customer.vat_id),
        (say("our_reference"), reference),
        (say("contact"), contact),
    ]
    return {
        "language": language,
        "title": title,
        "words": {"page": say("page")},
        "window": setting("letters.window", entity.pk, who.day),
        "registered": say("registered") if registered else "",
        "sender": {
            "name": entity.name,
            "lines": [line for line in (*sender.address, reach, " · ".join(filter(None, numbers))) if line],
            "legal": sender.legal or " · ".join(filter(None, (entity.name, *numbers))),
        },
        "recipient": address_lines(who),
        "references": [[label, value] for label, value in references if value],
        "date_line": say("date_line" if sender.place else "date_alone", place=sender.place, day=long_day),
    }  # fmt: skip


def _siren(number: str | None) -> str | None:
    """In groups of three, as it is written."""
    digits = (number or "").replace(" ", "")
    return " ".join((digits[:3], digits[3:6], digits[6:])) if len(digits) == 9 and digits.isdecimal() else number


def payment_part(block: PaymentBlock | None, language: str, pay_by: date | None = None) -> dict[str, Any] | None:
    """The box that says how to pay; None where the entity has no account for the currency."""
    if block is None or not block.iban:
        return None
    say = partial(says.word, language)
    rows: list[tuple[str, str, bool]] = [
        (say("pay_amount"), says.money(block.amount, block.currency, language, code=True), True)
    ]
    if pay_by is not None:
        rows.append((say("pay_by"), says.day(pay_by, language, "long"), True))
    rows += [
        (say("pay_to"), block.holder, False),
        ("IBAN", " ".join(block.iban[at : at + 4] for at in range(0, len(block.iban), 4)), False),
        *([("BIC", block.bic, False)] if block.bic else []),
        (say("pay_reference"), block.reference, False),
    ]
    return {
        "title": say("payment_title"), "rows": [list(row) for row in rows], "mention": block.mention or "",
        "qr": block.qr_svg(), "qr_says": say("qr"), "qr_alt": say("qr"),
    }  # fmt: skip


def letter_data(letter: Letter) -> dict[str, Any]:
    """All that the template takes.

    Raises CallError: unknown customer or items, two creditors, currencies or collectors in one letter, no postal
    address, a formal notice without a signatory.
    """
    who = parties_of(letter.entity_id, letter.customer_id, letter.day, letter.language, letter.contact_id, letter.to)
    if letter.words is None and not letter.text and who.language not in says.languages():
        who = replace(who, language="en")  # of an added language there is no ready text
    rows = _items(letter)
    faults = []
    if letter.kind not in KINDS:
        faults.append(f"{letter.kind!r} is not a letter; there are {', '.join(KINDS)}")
    if not rows:
        faults.append("a letter asks for something: none of its items is known")
    if letter.channel != "email" and not letter.draft and (who.contact is None or not who.contact.address):
        faults.append(f"no postal address is known of {who.customer.customer_id}")
    if faults:
        raise CallError(faults)
    language = who.language
    claims = letter.kind in _CLAIMING if letter.claim is None else letter.claim
    penal = penalties(letter.items, letter.day) if claims else []
    sums = _sums(letter, rows, penal)
    pay_by = letter.pay_by or _pay_by(letter)
    block = payment_block(letter.items, language, sums.extra, letter.day)
    before, after, subject = _texts(letter, who, rows, sums, pay_by, bool(penal))
    ready = _ready(letter, language)
    title = subject if not ready.get("heading") else f"{ready['heading']} – {who.customer.name}"
    asked_by = None if letter.kind == "friendly" else pay_by
    public = who.customer.kind == "public"
    return {
        **head(who, title, letter.reference, letter.contact, registered=letter.channel == "registered_letter"),
        "heading": ready.get("heading", ""),
        "subject_label": says.word(language, "subject_label"),
        "subject": subject,
        "before": before,
        "items": _items_part(letter, who, rows, sums, alone=not penal),
        "penalties": _penalties_part(penal, who) if penal else None,
        "claim": _claim_part(sums, language) if penal else [],
        "payment": payment_part(block, language, asked_by),
        "after": after,
        "signature": _signature(letter, who),
        "room_to_sign": letter.channel != "email",
        "mentions": _mentions(letter.kind, language, consumer=who.customer.kind == "consumer", public=public),
    }


def _items(letter: Letter) -> list[Item]:
    ids = [one.item_id for one in letter.items]
    found = [row for row in items_of(ids) if row.entity_id == letter.entity_id]
    if len(found) < len(set(ids)):
        raise CallError(["a letter names one creditor: some of its items are unknown or belong to another company"])
    return found


def _pay_by(letter: Letter) -> date:
    days = setting("letters.notice_days", letter.entity_id, letter.day) if letter.kind == "formal_notice" else None
    return letter.day + timedelta(days=int(days or _PAY_WITHIN_DAYS))


def _sums(letter: Letter, rows: Sequence[Item], penal: Sequence[Penalty]) -> Sums:
    principal = sum(one.amount for one in letter.items)
    charged = [one for one in penal if one.indemnity_cents]
    indemnity = sum(one.indemnity_cents for one in charged)
    return Sums(rows[0].currency, principal, sum(one.interest for one in penal), indemnity, len(charged))


def _ready(letter: Letter, language: str) -> Mapping[str, str]:
    return dict(says.words(language)["letters"][letter.kind])


def _texts(
    letter: Letter, who: Parties, rows: Sequence[Item], sums: Sums, pay_by: date, penal: bool
) -> tuple[list[str], list[str], str]:
    """(paragraphs before the tables, after them, subject)."""
    language, ready = who.language, _ready(letter, who.language)
    phrases = says.words(language)["phrases"]
    late = max((letter.day - row.due_on).days for row in rows)

    def counted(name: str, count: int, **more: object) -> str:
        return says.filled(phrases[f"one_{name}" if count == 1 else f"many_{name}s"], {"count": count, **more})

    values = {
        "customer": who.customer.name,
        "entity": who.entity.name,
        "principal": says.money(sums.principal, sums.currency, language, code=True),
        "interest": says.money(sums.interest, sums.currency, language, code=True),
        "indemnity": says.money(sums.indemnity, "EUR", language, code=True),
        "total": says.money(sums.total, sums.currency, language, code=True),
        "count": len(rows),
        "oldest_days": counted("day", late),
        "oldest_late": counted("late", len(rows), days=counted("day", late)),
        "items_remain": counted("item", len(rows)),
        "pay_by": says.day(pay_by, language, "long"),
        "day": says.day(letter.day, language, "long"),
        "running": ready.get("running", "") if penal else "",
    }
    own = ready.get("consumer") if who.customer.kind == "consumer" else None
    if letter.words is not None:
        subject, text = letter.words(values, sums)
    else:
        subject = says.filled(letter.subject or ready["subject"], values)
        text = says.filled(letter.text or own or ready["text"], values)
    parts = [one_line(part) for part in text.replace("\r", "").split("\n\n")]
    parts = [part for part in parts if part]
    at = parts.index(_TABLES) if _TABLES in parts else max(len(parts) - 1, 0)
    return (
        parts[:at],
        [part for part in parts[at:] if part != _TABLES],
        subject,
    )


def note_of(row: Any, language: str) -> list[str]:
    """What stands in small under an item's number: its kind, the order and delivery it is for, its label."""
    parts = [] if row.kind == "invoice" else [says.word(language, f"kind_{row.kind}")]
    if order := getattr(row, "purchase_order", None) or getattr(row, "order_ref", None):
        parts.append(says.word(language, "order", value=order))
    if delivery := getattr(row, "delivery_ref", None):
        parts.append(says.word(language, "delivery", value=delivery))
    return [*parts, *([row.label] if row.label and row.label != row.number else [])]


def _items_part(letter: Letter, who: Parties, rows: Sequence[Item], sums: Sums, *, alone: bool) -> dict[str, Any]:
    language, currency = who.language, sums.currency
    chased = {one.item_id: one for one in letter.items}
    names: dict[str, str] = {}
    if others := {row.customer_id for row in rows} - {letter.customer_id}:
        names = {row.customer_id: row.name for row in customers_of(others)}
    shown = []
    for row in rows:
        one = chased[row.item_id]
        notes = note_of(row, language)
        if row.customer_id in names:
            notes.append(says.word(language, "of_account", name=names[row.customer_id]))
        if one.held:
            notes.append(says.word(language, "held_note", amount=says.money(one.held, currency, language, code=True)))
        paid = row.amount - one.amount - one.held
        shown.append({
            "cells": [
                row.number + (f" / {row.part}" if row.part else ""),
                says.day(row.issued_on, language), says.day(row.due_on, language),
                str(max((letter.day - row.due_on).days, 0) or "–"),
                says.money(row.amount, currency, language), says.money(paid, currency, language) if paid else "–",
                says.money(one.amount, currency, language),
            ],
            "note": " · ".join(notes), "strong": False,
        })  # fmt: skip
    headings = ("number", "issued", "due", "days_late", "invoiced", "paid", "asked")
    texts = [says.word(language, key) for key in headings]
    texts[-1] += f" ({currency})"
    total = says.money(sums.principal, currency, language, code=True)
    sums_rows = [[says.word(language, "total_items" if not alone else "sum_total"), total, True]]
    return {"headings": texts, "left": 3, "rows": shown, "sums": sums_rows, "mark": "", "empty": ""}


def _penalties_part(penal: Sequence[Penalty], who: Parties) -> dict[str, Any]:
    language = who.language
    rows: list[dict[str, Any]] = []
    for one in penal:
        due = says.day(one.due_on, language)
        said = says.word(language, "invoice_interest", number=one.number, due=due)
        rows.append({"head": True, "cells": [said, says.money(one.interest, one.currency, language)]})
        rows += [_stretch(line, one.currency, language) for line in one.lines]
    day = says.day(who.day, language)
    contract = setting("penalties.contract", who.entity.pk, who.day)
    rate = "rate_public" if who.customer.kind == "public" else "rate_contract" if contract else "rate_law"
    headings = [says.word(language, key) for key in ("period", "days", "base", "rate", "interest")]
    headings[-1] += f" ({penal[0].currency})"
    return {
        "title": says.word(language, "penalties_title", day=says.day(who.day, language, "long")),
        "headings": headings, "rows": rows,
        "notes": [says.word(language, rate) + " " + says.word(language, "penalties_note", day=day)],
    }  # fmt: skip


def _stretch(line: Line, currency: str, language: str) -> dict[str, Any]:
    """One period at one rate on one base; its interest is rounded for reading only."""
    cells = [
        f"{says.day(line.first, language)} – {says.day(line.last, language)}",
        str(line.days),
        says.money(line.principal, currency, language),
        says.percent(line.rate_bp, language),
        says.cents(line.interest, currency, language),
    ]
    return {"head": False, "cells": cells}


def _claim_part(sums: Sums, language: str) -> list[list[Any]]:
    def money(minor: int, currency: str = sums.currency) -> str:
        return says.money(minor, currency, language, code=True)

    rows: list[list[Any]] = [[says.word(language, "sum_principal"), money(sums.principal), False]]
    if sums.interest:
        rows.append([says.word(language, "sum_interest"), money(sums.interest), False])
    if sums.indemnity:
        rows.append([says.word(language, "sum_indemnity", count=sums.invoices), money(sums.indemnity, "EUR"), False])
    total = money(sums.total)
    if sums.indemnity and sums.currency != "EUR":
        total += f" + {money(sums.indemnity, 'EUR')}"
    return [*rows, [says.word(language, "sum_total"), total, True]]


def _signature(letter: Letter, who: Parties) -> list[str]:
    if letter.formal or letter.kind in _SIGNED:
        try:
            one = signatory_of(who.customer, letter.signatory, letter.day)
        except CallError:
            if letter.draft:
                return [who.entity.name]
            raise
        said = [says.word(who.language, "delegation", delegation=one.delegation)] if one.delegation else []
        return [one.name, one.title, *said]
    return [name for name in (letter.contact.split(",")[0], who.entity.name) if name]


def _mentions(kind: str, language: str, *, consumer: bool, public: bool) -> list[str]:
    found = []
    if kind in _CLAIMING and not consumer:
        found.append(says.word(language, "legal_public" if public else "legal_business"))
    if kind == "formal_notice":
        found.append(says.word(language, "legal_notice"))
    return found
