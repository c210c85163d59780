"""How to pay what a message asks for: one creditor, one currency, one account; never two mixed in one request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from encours.connectors.base.accounts import normal_account
from encours.core.base.factoring import UNNAMED, last_sales
from encours.core.base.issue import CallError
from encours.store.models import Item
from encours.usecases import clock
from encours.usecases.chased_facts import entity_of, events_of, items_of
from encours.usecases.letter_settings import Factor
from encours.usecases.letter_setup import accounts_of, factors_of
from encours.usecases.letters import qr_code, says

_NAME_MAX, _TEXT_MAX = 70, 140  # EPC069-12: name and unstructured remittance information
_AMOUNT_MAX = 99_999_999_999  # 999,999,999.99 euros


@dataclass(frozen=True)
class Chased:
    """An item of a message: what is asked of it and what is held back of it, in minor units of its currency."""

    item_id: str
    amount: int
    held: int = 0


@dataclass(frozen=True)
class PaymentBlock:
    """Payment instructions. `iban` is empty where the entity has no account for the currency.

    `creditor_reference`: the item's own (RF) where it has one; `text`: what the payer writes otherwise. `factor`: who
    collects in the entity's stead. `qr`: the text of the EPC QR code, None where none can be made (only euros, only
    with an account). `mention`: the factor's subrogation in the letter's language.
    """

    entity_id: str
    holder: str
    iban: str
    bic: str
    amount: int
    currency: str
    creditor_reference: str | None
    text: str
    factor: str | None
    mention: str | None
    qr: str | None

    @property
    def reference(self) -> str:
        """What the payer must quote."""
        return self.creditor_reference or self.text

    def qr_svg(self) -> str | None:
        """The code as SVG with its quiet zone."""
        return None if self.qr is None else qr_code.svg(self.qr)

    def qr_png(self) -> bytes | None:
        """The code as a picture, for programs that show no SVG."""
        return None if self.qr is None else qr_code.png(self.qr)


def payment_block(
    items: Sequence[Chased], language: str = "fr", extra: int = 0, day: date | None = None, title: str = ""
) -> PaymentBlock:
    """Instructions for paying some items together, and `extra` (penalties) with them.

    `title`: what the payer writes where the items have no reference of their own; default their numbers.
    Raises CallError for no item, for items of several entities, currencies or collectors, and for a factor whose
    account is not in the settings.
    """
    day = day or clock.today()
    facts = _facts([one.item_id for one in items])
    if not facts:
        raise CallError(["there is nothing to pay: none of the items is known"])
    factors = _factors(facts, day)
    faults = _mixed(facts, factors)
    if faults:
        raise CallError(faults)
    first = next(iter(facts.values()))
    entity = entity_of(first.entity_id)
    assert entity is not None  # an item names its own
    factor = next(iter(factors.values()), None)
    holder, iban, bic, mention = entity.name, "", "", None
    if factor is not None:
        known = _known_factor(factor, entity.pk, day)
        holder, iban, bic = known.name, known.iban, known.bic
        given = {"factor": known.name, "entity": entity.name}
        mention = says.filled(known.mention, given) if known.mention else says.word(language, "subrogation", **given)
    elif account := accounts_of(entity.pk, day).get(first.currency):
        holder, iban, bic = account.holder or entity.name, account.iban, account.bic
    amount = sum(one.amount for one in items if one.item_id in facts) + extra
    reference = _creditor_reference(list(facts.values()))
    text = title or _numbers(facts.values())
    qr = _epc(holder, iban, bic, amount, first.currency, reference, text)
    return PaymentBlock(
        entity.pk, holder, normal_account(iban), bic, amount, first.currency, reference, text,
        factor, mention, qr,
    )  # fmt: skip


def _facts(item_ids: Sequence[str]) -> dict[str, Item]:
    return {row.item_id: row for row in items_of(item_ids)}


def _mixed(facts: Mapping[str, Item], factors: Mapping[str, str]) -> list[str]:
    faults = []
    if len({row.entity_id for row in facts.values()}) > 1:
        faults.append("a request for payment names one creditor: these items belong to several companies")
    if len({row.currency for row in facts.values()}) > 1:
        faults.append("a request for payment is in one currency: these items are in several")
    if len({factors.get(item_id, "") for item_id in facts}) > 1:
        faults.append("a request for payment has one collector: some of these items were sold to a factor, others not")
    return faults


def _factors(facts: Mapping[str, Item], day: date) -> dict[str, str]:
    """Item -> the factor that its debtor pays on the day; of a confidential sale the debtor knows nothing."""
    told = events_of({*facts, *(row.customer_id for row in facts.values())}, day)
    keys = [(row.item_id, row.customer_id) for row in facts.values()]
    return {item_id: one.factor for item_id, one in last_sales(told, keys).items() if not one.confidential}


def _known_factor(code: str, entity_id: str, day: date) -> Factor:
    """The factor that an event means. One that it does not name is the only one there is, or the one for any."""
    known, wanted = factors_of(entity_id, day), code.casefold()
    named = [one for one in known if wanted in (one.code.casefold(), one.name.casefold())]
    found = named or [one for one in known if one.code == "*"] or (known if wanted == UNNAMED else [])
    if named or len(found) == 1:
        return found[0]
    raise CallError([f"the account of the factor {code!r} is not in the settings, so nobody can be told where to pay"])


def _creditor_reference(rows: Sequence[Item]) -> str | None:
    """The one structured reference of the items, where they share one and it is right (ISO 11649)."""
    references = {row.payment_reference for row in rows}
    only = references.pop() if len(references) == 1 else None
    return normal_account(only) if only and is_creditor_reference(only) else None


def is_creditor_reference(text: str) -> bool:
    """Whether it is an RF reference whose check number is right (ISO 11649, mod 97)."""
    reference = normal_account(text)
    if not re.fullmatch(r"RF\d{2}[A-Z0-9]{1,21}", reference):
        return False
    return int("".join(str(int(sign, 36)) for sign in reference[4:] + reference[:4])) % 97 == 1


def _numbers(rows: Iterable[Item]) -> str:
    """The items' numbers, as many as a bank carries, and how many more there are."""
    numbers = list(dict.fromkeys(row.number for row in rows))
    text = " ".join(numbers)
    kept = len(numbers)
    while len(text) > _TEXT_MAX and kept > 1:
        kept -= 1
        text = " ".join(numbers[:kept]) + f" +{len(numbers) - kept}"
    return text[:_TEXT_MAX]


def _epc(holder: str, iban: str, bic: str, amount: int, currency: str, reference: str | None, text: str) -> str | None:
    """The code's text (EPC069-12, version 002): only euros, only what a transfer can carry."""
    if not iban or currency != "EUR" or not 0 < amount <= _AMOUNT_MAX:
        return None
    lines = [
        *("BCD", "002", "1", "SCT", bic, holder[:_NAME_MAX], normal_account(iban)),
        f"EUR{Decimal(amount).scaleb(-2):.2f}",
        "", reference or "", "" if reference else text[:_TEXT_MAX],
    ]  # fmt: skip
    return "\n".join(lines).rstrip("\n")
