"""A gap and everything that may explain it: the chosen items, the payment, what else the customer has open."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from encours.core.base.money import EXPONENTS, to_decimal
from encours.core.terms.rates import Rates


@dataclass(frozen=True)
class Chosen:
    """An item as it stands: `amount` and `open` in minor units of its currency, credit notes negative.

    `terms` are the payment terms in words, where nothing better is known of a discount than they say.
    """

    item_id: str
    number: str
    kind: str
    customer_id: str
    issued_on: date
    due_on: date
    amount: int
    open: int
    currency: str
    discount_on: date | None = None
    discount_amount: int | None = None
    terms: str | None = None


@dataclass(frozen=True)
class Free:
    """Money of the same customer that is not applied yet, in minor units."""

    receipt_id: str
    booked_on: date
    unapplied: int


@dataclass(frozen=True)
class Case:
    """A gap: what is open of `items` less the money, in minor units of their `currency`; above zero, less came.

    `paid_in`: the receipt's currency. `country`: the entity's; `payer_country`: the customer's or its bank's. `text`:
    what the payer wrote. `credits`: credit notes and down payments of the customer that are open and were not chosen.
    `per_unit`: minor units of the entity's currency for one minor unit of `currency` (None: no rate is known).
    `rates`: for late interest. `buyer`: business, consumer or public. `fee`: what the report of the batch states that
    whoever collected the money kept of it, and whose report that is (`fee_from`: payout or factor; "" where none).
    `not_suppliers`: accounts of the items' customers for which nobody has said which supplier they are.
    """

    gap: int
    items: tuple[Chosen, ...]
    paid_on: date
    currency: str
    paid_in: str = ""
    country: str = ""
    payer_country: str | None = None
    text: str = ""
    credits: tuple[Chosen, ...] = ()
    free: tuple[Free, ...] = ()
    per_unit: Decimal | None = Decimal(1)
    rates: Rates | None = None
    buyer: str = "business"
    fee: int = 0
    fee_from: str = ""
    not_suppliers: tuple[str, ...] = ()

    @cached_property
    def owed(self) -> tuple[Chosen, ...]:
        """The chosen items that the customer owes, the largest first."""
        rows = [item for item in self.items if item.open > 0]
        return tuple(sorted(rows, key=lambda item: (-item.open, item.due_on, item.item_id)))

    @cached_property
    def total(self) -> int:
        """What the chosen items come to."""
        return sum(item.open for item in self.items)

    @cached_property
    def words(self) -> str:
        """The payer's text in capitals, without accents."""
        spread = unicodedata.normalize("NFKD", self.text)
        return "".join(letter for letter in spread if not unicodedata.combining(letter)).upper()

    @property
    def is_foreign(self) -> bool:
        """Whether the money came in another currency than the items have."""
        return bool(self.paid_in) and self.paid_in != self.currency

    @property
    def is_from_abroad(self) -> bool:
        """Whether the payer or its bank is in another country than the entity."""
        return bool(self.payer_country and self.country) and self.payer_country != self.country

    def says(self, pattern: str) -> bool:
        """Whether the payer's text holds the pattern."""
        return re.search(pattern, self.words) is not None

    def money(self, minor: int) -> str:
        """An amount without sign as people read it: 12.50 EUR."""
        size = abs(minor)
        if self.currency not in EXPONENTS:
            return f"{Decimal(size).scaleb(-2)} {self.currency}"
        return f"{to_decimal(size, self.currency)} {self.currency}"

    def worth(self, minor: int) -> int | None:
        """An amount without sign in the entity's currency, rounded up; None where no rate is known."""
        if self.per_unit is None:
            return None
        exact = abs(minor) * self.per_unit
        return int(exact) + (exact != int(exact))

    def less(self, taken: Mapping[str, int]) -> Case:
        """The same case with less open on some items: item id -> what was taken off it."""
        items = tuple(replace(item, open=item.open - taken.get(item.item_id, 0)) for item in self.items)
        return replace(self, items=items)

    def rest(self, gap: int) -> Case:
        """The same case with another gap: what one cause leaves to the next."""
        return replace(self, gap=gap)
