"""How an entity's entries are to be written: accounts, journals, taxes, and how each bank account is kept."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q

from encours.core.base.issue import CallError
from encours.core.entries import Bank, EntryRules, faults_of
from encours.store import audit, parquet
from encours.store.models import Receipt, Setting
from encours.usecases import clock
from encours.usecases.rights import Actor, require, require_whole

# Not among the declared settings: each has fields of its own, and a screen of its own shows them.
_RULES, _BANKS = "entries.rules", "entries.banks"


def entry_rules(entity_id: str, on: date) -> EntryRules:
    """The rules in force in an entity on a day; what was never changed is the French default."""
    kept = _values(entity_id, on)
    return EntryRules.of(kept[_RULES], kept[_BANKS])


def change_entry_rules(actor: Actor, entity_id: str, changes: dict[str, Any], from_on: date | None = None) -> None:
    """New accounts, journals or taxes from a day on: `changes` as `EntryRules.as_value` has them, only what changes.

    Batches that left stay as they are. Raises NotAllowedError, or CallError listing every fault.
    """
    _require(actor, entity_id)
    with transaction.atomic():
        parquet.lock_entity(entity_id)  # two who change different rules at once: the second one keeps the first's
        before = _value(_RULES, entity_id, from_on or clock.today())
        merged = {**before, **changes, "accounts": {**before.get("accounts", {}), **changes.get("accounts", {})}}
        if found := faults_of(merged):
            raise CallError(found)
        if merged != before:
            _keep(actor, entity_id, _RULES, before, merged, from_on)


def change_bank(actor: Actor, entity_id: str, account: str, bank: Bank, from_on: date | None = None) -> None:
    """How a bank account is kept from a day on. Raises NotAllowedError, or CallError for an unknown account."""
    _require(actor, entity_id)
    found = bank.faults()
    if not Receipt.objects.filter(entity_id=entity_id, account=account, is_current=True).exists():
        found.append(f"no receipt stands on bank account {account}")
    if found:
        raise CallError(found)
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        before = _value(_BANKS, entity_id, from_on or clock.today())
        after = {**before, account: vars(bank)}
        if after != before:
            _keep(actor, entity_id, _BANKS, before, after, from_on)


def _require(actor: Actor, entity_id: str) -> None:
    require_whole(actor, entity_id, "manage_settings")
    require(actor, "manage_settings", entity_id)


def _value(key: str, entity_id: str, on: date) -> dict[str, Any]:
    return _values(entity_id, on)[key]


def _values(entity_id: str, on: date) -> dict[str, dict[str, Any]]:
    rows = Setting.objects.filter(entity_id=entity_id, key__in=(_RULES, _BANKS))
    rows = rows.filter(Q(from_on__isnull=True) | Q(from_on__lte=on))
    found: dict[str, dict[str, Any]] = {_RULES: {}, _BANKS: {}}
    for row in sorted(rows, key=lambda row: (row.from_on or date.min, row.pk)):
        found[row.key] = dict(row.value)  # the last one stands
    return found


def _keep(
    actor: Actor, entity_id: str, key: str, before: dict[str, Any], after: dict[str, Any], from_on: date | None
) -> None:
    Setting.objects.create(entity_id=entity_id, key=key, value=after, from_on=from_on)
    audit.append(
        clock.now(),
        actor.name,
        "change_setting",
        entity_id=entity_id,
        subject=key,
        before=before,
        after={"value": after, "from_on": from_on},
    )
