"""Keeping a remittance advice: a file, a PDF or a text that says what a payer's money is for."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import polars as pl
from django.db import transaction

from encours.connectors.advice import read_pdf, read_text
from encours.connectors.base.contract import Options, Source
from encours.connectors.sheet.detect import detect
from encours.connectors.sheet.grid import UnreadableSheetError, read_grid
from encours.connectors.sheet.propose import mapping_of
from encours.connectors.sheet.read import read as read_sheet
from encours.core.base.issue import CallError
from encours.core.base.money import AmountError, is_currency, to_minor
from encours.core.base.numbers import number_key
from encours.store import audit, frames, parquet
from encours.store.models import Advice, AdviceLine, Entity, Import, Receipt, User
from encours.usecases import clock
from encours.usecases.rights import Actor, require

_LINES_MAX = 5_000


@dataclass(frozen=True)
class AdviceSaid:
    """What the caller knows of an advice that the file may not say; None leaves it to the file."""

    form: str = "advice"
    currency: str | None = None
    total: int | None = None
    fee: int | None = None
    paid_on: date | None = None
    reference: str | None = None
    payer_name: str | None = None
    payer_account: str | None = None
    customer_id: str | None = None


@dataclass(frozen=True)
class AdviceKept:
    """The advice; `fresh`: it was not there before. `issues`: sentences about what does not tie in it."""

    advice: Advice
    fresh: bool
    issues: tuple[str, ...]


@dataclass(frozen=True)
class _Read:
    source: str
    lines: list[dict[str, Any]]
    said: AdviceSaid


def import_advice(
    actor: Actor, entity_id: str, name: str, content: bytes, said: AdviceSaid | None = None
) -> AdviceKept:
    """Keeps an advice from a CSV or workbook, a PDF, or a text (an e-mail's body, in UTF-8). Twice is once.

    Nothing is settled: the next search follows the advice once its money is there. Raises NotAllowedError, CallError
    where no line of it can be read, or the entity or the currency is not known.
    """
    require(actor, "import_files", entity_id)
    entity = Entity.objects.filter(pk=entity_id).first()
    if entity is None:
        raise CallError([f"there is no entity {entity_id}"])
    digest = hashlib.sha256(content).hexdigest()
    read = _read(name, content, said or AdviceSaid(), entity.currency)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        known = Advice.objects.filter(entity=entity, sha256=digest).first()
        if known is not None:
            return AdviceKept(known, fresh=False, issues=())
        advice, issues = _keep(actor.name, actor.user, entity, name, digest, read)
    return AdviceKept(advice, fresh=True, issues=issues)


def keep_read_advice(owner: Import, name: str, digest: str, lines: list[dict[str, Any]]) -> Advice | None:
    """Keeps an advice that came among the files of an import, in its transaction and under its lock. Twice is once.

    None where the import is no entity's, or the lines bear no number.
    """
    entity = Entity.objects.filter(pk=owner.entity_id).first()
    if entity is None or not any(one["number"] for one in lines):
        return None
    known = Advice.objects.filter(entity=entity, sha256=digest).first()
    if known is not None:
        return known
    told = {one["currency"] for one in lines if one["currency"]}
    said = AdviceSaid(currency=told.pop() if len(told) == 1 else entity.currency)
    who = owner.user.get_username() if owner.user is not None else "job:import"
    return _keep(who, owner.user, entity, name, digest, _Read("sheet", _dated(lines), said))[0]


def dismiss_advice(actor: Actor, advice_id: str, why: str = "") -> Advice:
    """Lays an advice aside: it is followed no more. Twice is once. Raises NotAllowedError, or CallError without it."""
    advice = Advice.objects.filter(advice_id=advice_id).first()
    if advice is None:
        raise CallError([f"there is no advice {advice_id}"])
    require(actor, "accept_match", advice.entity_id)
    with transaction.atomic():
        parquet.lock_entity(advice.entity_id)
        advice.refresh_from_db()
        if not advice.dismissed:
            advice.dismissed = True
            advice.save(update_fields=["dismissed"])
            _audit(actor.name, advice, "dismiss_advice", {"lines": advice.lines.count()}, why)
    return advice


def _read(name: str, content: bytes, said: AdviceSaid, currency: str) -> _Read:
    if content.startswith(b"%PDF-"):
        return _from_text("pdf", read_pdf(content), said, currency)
    sheet = _from_sheet(name, content, said, currency)
    if sheet is not None:
        return sheet
    return _from_text("text", content.decode("utf-8", errors="replace"), said, currency)


def _from_text(source: str, text: str, said: AdviceSaid, currency: str) -> _Read:
    found = read_text(text)
    money = said.currency or found.currency or currency
    _check(money, len(found.lines))
    lines = [
        {
            "line": one.line, "number": one.number, "amount": _minor(one.amount, money),
            "deducted": _minor(one.deducted, money), "document_on": one.document_on, "reason": one.reason,
        }
        for one in found.lines
    ]  # fmt: skip
    return _Read(
        source,
        lines,
        replace(
            said,
            currency=money,
            total=said.total if said.total is not None or found.total is None else _minor(found.total, money),
            fee=said.fee if said.fee is not None else _minor(found.fee, money),
            paid_on=said.paid_on or found.paid_on,
            reference=said.reference or found.reference,
            payer_account=said.payer_account or found.payer_account,
        ),
    )


def _from_sheet(name: str, content: bytes, said: AdviceSaid, currency: str) -> _Read | None:
    """The lines of a sheet; None where the content is none, or no column of it means a number and an amount."""
    with tempfile.TemporaryDirectory(prefix="encours-advice-") as scratch:
        path = Path(scratch) / f"advice{Path(name).suffix[:8]}"
        path.write_bytes(content)
        try:
            grid = read_grid(path)
        except (UnreadableSheetError, OSError):
            return None
        mapping = mapping_of(detect(grid, "advice"), grid, name)
        named = {column.field for column in mapping.columns} if mapping is not None else set()
        if mapping is None or "number" not in named or not {"amount", "gross"} & named:
            return None
        money = said.currency or currency
        options = Options("advice", mapping.to_json(), {"currency": money})
        reading = read_sheet(Source(path, name), options)
    lines = cast("list[dict[str, Any]]", reading.facts.get("advice") or [])
    if not any(one["number"] for one in lines):
        return None
    told = {one["currency"] for one in lines if one["currency"]}
    money = said.currency or (told.pop() if len(told) == 1 else money)
    _check(money, len(lines))
    return _Read("sheet", _dated(lines), replace(said, currency=money))


def _dated(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with their days as days: a reading's facts are JSON."""
    return [
        {**one, "document_on": date.fromisoformat(one["document_on"]) if one["document_on"] else None} for one in lines
    ]


def _check(currency: str, count: int) -> None:
    faults = [] if is_currency(currency) else [f"{currency} is no currency"]
    if not count:
        faults.append("no line of the advice has a number and an amount")
    if count > _LINES_MAX:
        faults.append(f"an advice has at most {_LINES_MAX} lines")
    if faults:
        raise CallError(faults)


def _minor(amount: Decimal, currency: str) -> int:
    try:
        return to_minor(amount, currency)
    except AmountError as error:
        raise CallError([str(error)]) from error


def _keep(
    who: str, user: User | None, entity: Entity, name: str, digest: str, read: _Read
) -> tuple[Advice, tuple[str, ...]]:
    said, issues = read.said, []
    whole, fee = sum(int(one["amount"]) for one in read.lines), said.fee or 0
    total = said.total if said.total is not None else whole - fee
    if whole - fee != total:
        issues.append("the lines of the advice do not make its total")
    advice = Advice.objects.create(
        advice_id=f"{entity.entity_id}:advice:{digest[:16]}",
        entity=entity,
        form=said.form,
        source=read.source,
        name=name[-255:],
        sha256=digest,
        currency=said.currency or entity.currency,
        total=total,
        fee=fee,
        received_on=clock.today(),
        paid_on=said.paid_on,
        reference=said.reference,
        payer_name=said.payer_name,
        payer_account=_theirs(entity, said.payer_account),
        customer_id=said.customer_id or _customer(entity, read.lines),
        user=user,
    )
    columns = ("line", "number", "amount", "deducted", "reason", "document_on", "customer_hint")
    AdviceLine.objects.bulk_create(
        AdviceLine(advice=advice, **{name: one.get(name) for name in columns if one.get(name) is not None})
        for one in read.lines
    )
    _audit(who, advice, "import_advice", {"lines": len(read.lines), "total": total, "sha256": digest})
    return advice, tuple(issues)


def _theirs(entity: Entity, account: str | None) -> str | None:
    """The account that the advice names, unless it is our own, to which the money goes."""
    own = account and Receipt.objects.filter(entity_id=entity.entity_id, account=account).exists()
    return None if own else account


def _customer(entity: Entity, lines: Sequence[Mapping[str, Any]]) -> str | None:
    """The one customer whose invoices the lines name."""
    named = pl.DataFrame({"number": [one["number"] for one in lines]}, schema={"number": pl.String})
    keys = named.select(number_key(pl.col("number"))).to_series().drop_nulls().unique()
    rows = frames.versions(
        "items", keys.filter(keys != ""), ["entity_id", "customer_id"], current=True, by="number_key"
    )
    found = rows.filter(pl.col("entity_id") == entity.entity_id)["customer_id"].unique()
    return found[0] if found.len() == 1 else None


def _audit(who: str, advice: Advice, act: str, after: Mapping[str, object], why: str = "") -> None:
    audit.append(
        clock.now(), who, act, entity_id=advice.entity_id, subject=advice.advice_id, after=dict(after), why=why
    )
