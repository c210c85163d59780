"""The entity's own words on letters as its settings say on a day: sender, accounts, factors, signatories."""

from __future__ import annotations

from datetime import date

from encours.usecases.letter_settings import Account, Factor, Sender, Signatory
from encours.usecases.manage_settings import setting


def sender_of(entity_id: str, on: date) -> Sender:
    """Who writes for an entity, as its settings say on a day."""
    found = setting("letters.sender", entity_id, on)
    return Sender(**{**found, "address": tuple(found.get("address", ()))})


def accounts_of(entity_id: str, on: date) -> dict[str, Account]:
    """Currency -> the account on which the entity takes it."""
    return {row["currency"]: Account(**row) for row in setting("payment.accounts", entity_id, on)}


def factors_of(entity_id: str, on: date) -> list[Factor]:
    """The factors that collect for the entity."""
    return [Factor(**row) for row in setting("payment.factors", entity_id, on)]


def signatories_of(entity_id: str, on: date) -> list[Signatory]:
    """Who signs formal notices."""
    return [Signatory(**row) for row in setting("letters.signatories", entity_id, on)]
