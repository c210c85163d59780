"""Keeping a remittance advice: a file, a PDF, an e-mail or a text that says what a payer's money is for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.db import transaction

from encours.core.base.issue import CallError
from encours.core.base.numbers import number_key
from encours.store import audit, frames, parquet
from encours.store.models import Advice, AdviceLine, Entity, Import, Receipt, User
from encours.usecases import clock
from encours.usecases.advice_reading import AdviceRead, AdviceSaid, dated, read_advice
from encours.usecases.apply_later import follow_advices
from encours.usecases.rights import Actor, require

__all__ = ["AdviceKept", "AdviceSaid", "dismiss_advice", "import_advice", "keep_read_advice"]

TOTAL_DIFFERS = "the lines of the advice do not make its total"


@dataclass(frozen=True)
class AdviceKept:
    """The advice; `fresh`: it was not there before. `issues`: sentences about what does not tie in it."""

    advice: Advice
    fresh: bool
    issues: tuple[str, ...]


def import_advice(
    actor: Actor, entity_id: str, name: str, content: bytes, said: AdviceSaid | None = None, *, draft: bool = False
) -> AdviceKept:
    """Keeps an advice from a CSV or workbook, a PDF, an e-mail (.eml) or a text. Twice is once.

    Nothing is settled: the next search follows the advice once its money is there. As a `draft` it is shown and
    corrected first, and followed from `take_advice` on. Raises NotAllowedError, CallError where no line of it can be
    read, or the entity or the currency is not known.
    """
    require(actor, "import_files", entity_id)
    entity = Entity.objects.filter(pk=entity_id).first()
    if entity is None:
        raise CallError([f"there is no entity {entity_id}"])
    digest = hashlib.sha256(content).hexdigest()
    known = Advice.objects.filter(entity=entity, sha256=digest).first()
    if known is not None and (draft or not known.draft):
        return AdviceKept(known, fresh=False, issues=())
    read = read_advice(name, content, said or AdviceSaid(), entity.currency)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        known = Advice.objects.filter(entity=entity, sha256=digest).first()
        if known is not None and known.draft and not draft:
            known.delete()  # what was shown gives way to what is taken now
        elif known is not None:
            return AdviceKept(known, fresh=False, issues=())
        advice, issues = _keep(actor.name, actor.user, entity, name, digest, read, draft=draft)
        if not draft:
            follow_advices([entity_id])  # its money may be there already
    return AdviceKept(advice, fresh=True, issues=issues)


def keep_read_advice(
    owner: Import, name: str, digest: str, lines: list[dict[str, Any]], head: Mapping[str, Any] | None = None
) -> Advice | None:
    """Keeps an advice that came among the files of an import, in its transaction and under its lock. Twice is once.

    None where the import is no entity's, or the lines bear no number. `head`: what the reader found beside the lines.
    """
    entity = Entity.objects.filter(pk=owner.entity_id).first()
    if entity is None or not any(one["number"] for one in lines):
        return None
    known = Advice.objects.filter(entity=entity, sha256=digest).first()
    if known is not None:
        return known
    told = {one["currency"] for one in lines if one["currency"]}
    head = head or {}
    said = AdviceSaid(
        currency=told.pop() if len(told) == 1 else entity.currency,
        total=head.get("total"),
        fee=head.get("fee"),
        paid_on=date.fromisoformat(str(head["paid_on"])) if head.get("paid_on") else None,
        reference=head.get("reference"),
        payer_name=head.get("payer_name"),
        payer_account=head.get("payer_account"),
    )
    who = owner.user.get_username() if owner.user is not None else "job:import"
    read = AdviceRead(str(head.get("source") or "sheet"), dated(lines), said)
    return _keep(who, owner.user, entity, name, digest, read)[0]


def dismiss_advice(actor: Actor, advice_id: str, why: str = "") -> Advice:
    """Lays an advice aside: it is followed no more. Twice is once. Raises NotAllowedError, or CallError without it."""
    advice = Advice.objects.filter(advice_id=advice_id, draft=False).first()
    if advice is None:
        raise CallError([f"there is no advice {advice_id}"])
    require(actor, "accept_match", advice.entity_id)
    with transaction.atomic():
        parquet.lock_entity(advice.entity_id)
        advice.refresh_from_db()
        if not advice.dismissed:
            advice.dismissed = True
            advice.save(update_fields=["dismissed"])
            note(actor.name, advice, "dismiss_advice", {"lines": advice.lines.count()}, why)
    return advice


def _keep(
    who: str, user: User | None, entity: Entity, name: str, digest: str, read: AdviceRead, *, draft: bool = False
) -> tuple[Advice, tuple[str, ...]]:
    said, issues = read.said, []
    whole, fee = sum(int(one["amount"]) for one in read.lines), said.fee or 0
    total = said.total if said.total is not None else whole - fee
    if whole - fee != total:
        issues.append(TOTAL_DIFFERS)
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
        reference=said.reference and said.reference[:140],
        payer_name=said.payer_name and said.payer_name[:255],
        payer_account=_theirs(entity, said.payer_account),
        customer_id=said.customer_id or _customer(entity, read.lines),
        user=user,
        draft=draft,
        text=read.text.replace("\x00", ""),
        issues=list(read.issues),
    )
    columns = ("line", "number", "amount", "deducted", "reason", "document_on", "customer_hint")
    AdviceLine.objects.bulk_create(
        AdviceLine(advice=advice, **{name: one.get(name) for name in columns if one.get(name) is not None})
        for one in read.lines
    )
    if not draft:
        note(who, advice, "import_advice", {"lines": len(read.lines), "total": total, "sha256": digest})
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


def note(who: str, advice: Advice, act: str, after: Mapping[str, object], why: str = "") -> None:
    """The audit's entry of an act on an advice, in the caller's transaction."""
    audit.append(
        clock.now(), who, act, entity_id=advice.entity_id, subject=advice.advice_id, after=dict(after), why=why
    )
