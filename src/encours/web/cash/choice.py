"""What the clerk's form says: which items are settled with how much, and what the difference is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from encours.core.base.issue import CallError
from encours.core.base.money import AmountError, to_minor


@dataclass(frozen=True)
class Choice:
    """`settled`: item id -> amount in minor units. `difference`: the code of what was chosen for what is left."""

    settled: dict[str, int]
    difference: str = ""
    proposal_id: int | None = None
    tab: str = ""


def read_choice(form: QueryDict, currencies: Mapping[str, str], currency: str) -> Choice:
    """Reads the form; each amount is in its item's currency (`currency` where none is known of it).

    Raises CallError naming every amount that is none.
    """
    settled, faults = {}, []
    for item_id in dict.fromkeys(form.getlist("item")):
        text = form.get(f"amount:{item_id}", "").replace("\u2212", "-")
        try:
            settled[item_id] = to_minor(text, currencies.get(item_id, currency))
        except AmountError:
            faults.append(f"{text or 'nothing'} is not an amount")
    if faults:
        raise CallError(faults)
    number = form.get("proposal", "")
    return Choice(
        {item_id: amount for item_id, amount in settled.items() if amount},
        form.get("difference", ""),
        int(number) if number.isdecimal() and len(number) < 16 else None,
        form.get("tab", ""),
    )
