"""What a message to a customer says: figures and dates as written in its language, and the blocks that are set."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from encours.store.models import Customer, Entity, Item
from encours.usecases.chased_facts import items_of, promise_before
from encours.usecases.claim_penalties import Penalty, penalties
from encours.usecases.letter_setup import sender_of
from encours.usecases.letters import says
from encours.usecases.message_recipients import Person, Writer
from encours.usecases.message_template import Block
from encours.usecases.payment_block import Chased, PaymentBlock, payment_block

PAY_WITHIN_DAYS = 8
QR = "encours-qr"
_CELL = "padding:4px 10px;border-bottom:1px solid #d9dde2;vertical-align:top"
_RIGHT = f"{_CELL};text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"
#: Templates that ask for penalties beside the invoices.
_CLAIMING = frozenset({"penalties", "letter_penalties", "formal_notice", "last_notice"})
#: Templates that ask for nothing: they show no way to pay.
_ASKING_NOTHING = frozenset({"thanks", "thank_you"})


@dataclass(frozen=True)
class Subject:
    """Whom and what a message is about."""

    entity: Entity
    customer: Customer
    items: tuple[Chased, ...]
    day: date
    language: str
    template: str
    tone: str = ""
    level: int | None = None
    contact: Person | None = None
    statement_link: str = ""


@dataclass(frozen=True)
class Content:
    """Values and blocks for a template, the picture that the HTML shows, and what is asked for in all."""

    values: Mapping[str, Any]
    blocks: Mapping[str, Block]
    qr_png: bytes | None
    currency: str
    amount: int
    payment: PaymentBlock | None


def content_of(of: Subject, writer: Writer) -> Content:
    """All that a template may say. Raises CallError where two creditors, currencies or collectors are mixed."""
    chased = {one.item_id: one for one in of.items}
    rows = items_of(chased)
    claims = penalties(of.items, of.day) if of.template in _CLAIMING else []
    interest = sum(one.interest for one in claims)
    indemnity = sum(one.indemnity_cents for one in claims)
    currency = rows[0].currency if rows else of.entity.currency
    extra = interest + (indemnity if currency == "EUR" else 0)
    block = None
    if of.items and of.template not in _ASKING_NOTHING:
        block = payment_block(of.items, of.language, extra, of.day)
    png = block.qr_png() if block is not None else None
    principal = sum(chased[row.item_id].amount for row in rows)
    money = partial(says.money, currency=currency, language=of.language, code=True)
    due = [row.due_on for row in rows]
    late = max(((of.day - on).days for on in due), default=0)
    pay_by = of.day + timedelta(days=PAY_WITHIN_DAYS)
    values = {
        **_people(of, writer),
        "items": [_item(row, chased[row.item_id], of) for row in rows],
        "penalties": {
            "interest": money(interest) if interest else "",
            "indemnity": says.money(indemnity, "EUR", of.language, code=True) if indemnity else "",
            "total": money(extra) if extra else "",
        },
        "promise": _promise(of, money),
        "total": money(principal),
        "total_with_penalties": money(principal + extra),
        "held": money(sum(one.held for one in of.items)) if any(one.held for one in of.items) else "",
        "count": len(rows),
        "oldest_days": max(late, 0),
        "oldest_due": says.day(min(due), of.language) if due else "",
        "next_due": says.day(max(due), of.language, "long") if due else "",
        "pay_by": says.day(pay_by, of.language, "long"),
        "day": says.day(of.day, of.language, "long"),
        "tone": of.tone,
        "level": of.level or 0,
        "language": of.language,
        "currency": currency,
    }
    blocks = {
        "table": _table(rows, chased, of, principal),
        "penalties_table": _claims(claims, of),
        "payment": _payment(block, of.language, pay_by, png is not None),
        "statement_link": link(of.statement_link),
        "link": link(""),
    }
    return Content(values, blocks, png, currency, principal, block)


def _people(of: Subject, writer: Writer) -> dict[str, Any]:
    sender = sender_of(of.entity.pk, of.day)
    contact = of.contact or Person("", "")
    lines = [
        writer.name,
        writer.title,
        of.entity.name if writer.name != of.entity.name else "",
        writer.phone,
        writer.email,
    ]
    return {
        "entity": {
            "name": of.entity.name, "legal_id": of.entity.legal_id or "", "email": sender.email, "phone": sender.phone,
        },
        "customer": {
            "name": of.customer.name, "kind": of.customer.kind, "language": of.language,
            "account": of.customer.customer_id.removeprefix(f"{of.entity.pk}:"),
            "country": of.customer.country or "",
        },
        "contact": {"name": contact.name, "email": contact.email, "phone": contact.phone, "role": contact.role},
        "sender": {
            "name": writer.name, "email": writer.email, "phone": writer.phone, "title": writer.title,
            "signature": "\n".join(filter(None, lines)),
        },
    }  # fmt: skip


def _item(row: Item, chased: Chased, of: Subject) -> dict[str, Any]:
    money = partial(says.money, currency=row.currency, language=of.language, code=True)
    return {
        "number": row.number, "issued_on": says.day(row.issued_on, of.language),
        "due_on": says.day(row.due_on, of.language), "days": max((of.day - row.due_on).days, 0),
        "amount": money(row.amount), "asked": money(chased.amount), "held": money(chased.held) if chased.held else "",
        "order": row.order_ref or "", "purchase_order": row.purchase_order or "", "label": row.label or "",
    }  # fmt: skip


def _promise(of: Subject, money: Any) -> dict[str, str]:
    """The latest promise of the customer whose day has passed."""
    last = promise_before(of.customer.customer_id, of.day)
    if last is None:
        return {"amount": "", "due_on": "", "made_on": ""}
    return {
        "amount": money(last.amount) if last.amount else "",
        "due_on": says.day(last.due_on, of.language, "long"),
        "made_on": says.day(last.made_on, of.language, "long"),
    }


def _table(rows: Sequence[Item], chased: Mapping[str, Chased], of: Subject, principal: int) -> Block:
    """The items with what is asked of each; what is held back of one is named and not asked for."""
    if not rows:
        return Block("", "")
    say = partial(says.word, of.language)
    head = [say("number"), say("issued"), say("due"), say("days_late"), say("asked")]
    lines, notes = [], []
    for row in rows:
        one = chased[row.item_id]
        days = (of.day - row.due_on).days
        lines.append(
            [
                row.number, says.day(row.issued_on, of.language), says.day(row.due_on, of.language),
                str(days) if days > 0 else "", says.money(one.amount, row.currency, of.language, code=True),
            ]
        )  # fmt: skip
        held = says.money(one.held, row.currency, of.language, code=True) if one.held else ""
        notes.append(say("held_note", amount=held) if held else "")
    total = says.money(principal, rows[0].currency, of.language, code=True)
    foot = [say("total_items"), "", "", "", total] if len(rows) > 1 else None
    return Block(_text_table(head, lines, notes, foot), _html_table(head, lines, notes, foot))


def _claims(claims: Sequence[Penalty], of: Subject) -> Block:
    """Penalties line by line: each invoice's stretches of one rate and one base, then its indemnity."""
    if not claims:
        return Block("", "")
    say = partial(says.word, of.language)
    head = [say("number"), say("base"), say("days"), say("rate"), say("interest")]
    lines = []
    for one in claims:
        for place, part in enumerate(one.lines):
            rate = says.percent(part.rate_bp, of.language)
            interest = says.money(one.interest, one.currency, of.language, code=True)
            lines.append(
                [
                    one.number if place == 0 else "", says.money(part.principal, one.currency, of.language, code=True),
                    str(part.days), rate, interest if place == len(one.lines) - 1 else "",
                ]
            )  # fmt: skip
    count = sum(1 for one in claims if one.indemnity_cents)
    indemnity = sum(one.indemnity_cents for one in claims)
    owed = says.money(indemnity, "EUR", of.language, code=True)
    foot = [say("sum_indemnity", count=count), "", "", "", owed] if indemnity else None
    return Block(_text_table(head, lines, [""] * len(lines), foot), _html_table(head, lines, [""] * len(lines), foot))


def _payment(block: PaymentBlock | None, language: str, pay_by: date, with_qr: bool) -> Block:
    """How to pay: to whom, on which account, with which reference; the factor's mention where one collects."""
    if block is None or not block.iban:
        return Block("", "")
    say = partial(says.word, language)
    rows = [
        (say("pay_amount"), says.money(block.amount, block.currency, language, code=True)),
        (say("pay_to"), block.holder),
        ("IBAN", " ".join(block.iban[at : at + 4] for at in range(0, len(block.iban), 4))),
        *([("BIC", block.bic)] if block.bic else []),
        (say("pay_reference"), block.reference),
    ]
    wide = max(len(label) for label, _ in rows)
    text = [say("payment_title"), *(f"  {label:<{wide}}  {value}" for label, value in rows)]
    cells = "".join(
        f'<tr><td style="padding:2px 14px 2px 0;color:#5b6470">{html.escape(label)}</td>'
        f'<td style="padding:2px 0;font-weight:600">{html.escape(value)}</td></tr>'
        for label, value in rows
    )
    made = f'<table role="presentation" style="border-collapse:collapse">{cells}</table>'
    if with_qr:
        alt = html.escape(say("qr"))
        picture = f'<img src="cid:{QR}" alt="{alt}" width="132" height="132" style="display:block">'
        made = (
            f'<table role="presentation"><tr><td style="padding-right:20px">{made}</td><td>{picture}'
            f'<div style="max-width:150px;font-size:12px;color:#5b6470">{alt}</div></td></tr></table>'
        )
    if block.mention:
        text += ["", block.mention]
        made += f'<p style="margin:10px 0 0;font-weight:600">{html.escape(block.mention)}</p>'
    title = f'<p style="margin:0 0 6px;font-weight:600">{html.escape(say("payment_title"))}</p>'
    box = "margin:0 0 14px;padding:12px 14px;border:1px solid #d9dde2;border-radius:6px"
    return Block("\n".join(text), f'<div style="{box}">{title}{made}</div>')


def link(address: str, *, ours: bool = False) -> Block:
    """An address as text, and as a link; nothing where there is none. `ours`: inside our own network, where plain http
    may do."""
    if not address.startswith(("https://", "http://") if ours else "https://"):
        return Block("", "")
    shown = html.escape(address)
    return Block(address, f'<a href="{shown}">{shown}</a>')


def _text_table(head: list[str], lines: list[list[str]], notes: Iterable[str], foot: list[str] | None) -> str:
    every = [head, *lines, *([foot] if foot else [])]
    # A total's label may run over the columns that it leaves empty.
    widths = [max(len(row[place]) for row in [head, *lines]) for place in range(len(head))]
    widths[-1] = max(len(row[-1]) for row in every)
    made = [_text_row(head, widths)]
    made.append("  ".join("-" * width for width in widths))
    for row, note in zip(lines, notes, strict=True):
        made.append(_text_row(row, widths))
        if note:
            made.append(f"  ({note})")
    if foot:
        room = sum(widths[:-1]) + 2 * (len(widths) - 2)
        made.append(f"{foot[0]:<{room}}  {foot[-1]:>{widths[-1]}}")
    return "\n".join(made)


def _text_row(row: list[str], widths: list[int]) -> str:
    last = len(row) - 1
    cells = [f"{cell:>{widths[at]}}" if at >= last - 1 else f"{cell:<{widths[at]}}" for at, cell in enumerate(row)]
    return "  ".join(cells)


def _html_table(head: list[str], lines: list[list[str]], notes: Iterable[str], foot: list[str] | None) -> str:
    last = len(head) - 2
    style = [_RIGHT if at >= last else _CELL for at in range(len(head))]  # figures stand on the right
    top = "".join(
        f'<th style="{style[at]};font-weight:600;{"" if at >= last else "text-align:left;"}color:#5b6470">'
        f"{html.escape(cell)}</th>"
        for at, cell in enumerate(head)
    )
    rows = []
    for row, note in zip(lines, notes, strict=True):
        under = f'<br><span style="font-size:13px;color:#5b6470">{html.escape(note)}</span>' if note else ""
        cells = [
            f'<td style="{style[at]}">{html.escape(cell)}{under if at == 0 else ""}</td>' for at, cell in enumerate(row)
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    if foot:
        rows.append(
            f'<tr><td colspan="{len(foot) - 1}" style="{_CELL};font-weight:600">{html.escape(foot[0])}</td>'
            f'<td style="{_RIGHT};font-weight:600">{html.escape(foot[-1])}</td></tr>'
        )
    return (
        '<table style="border-collapse:collapse;margin:0 0 14px;font-size:14px">'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
