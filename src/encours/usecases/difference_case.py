"""What may explain a gap, as it stands in the store: items, credits, earlier money, rates, the payer's country."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from encours.core.base.money import EXPONENTS
from encours.core.matching.differences import Case, Chosen, Free
from encours.store.models import Customer, Entity, Item, Rate, Receipt
from encours.usecases import clock
from encours.usecases.entry_rules import entry_rules
from encours.usecases.manage_settings import setting
from encours.usecases.reference_rates import reference_rates
from encours.usecases.stated_in_batch import stated_by

_LOOKED_AT = 200
_EURO = "EUR"


class Surroundings:
    """A receipt, items that may be settled with it, and what else speaks for a cause; read once for many gaps."""

    def __init__(self, receipt: Receipt, items: Sequence[Item]) -> None:
        self.receipt = receipt
        self.items = {item.item_id: item for item in items}
        entity = Entity.objects.get(pk=receipt.entity_id)
        self._country, self.own_currency = entity.country, entity.currency
        self._day = receipt.value_on or receipt.booked_on
        self._terms = str(setting("terms.default", receipt.entity_id, self._day))
        self._customers = sorted({item.customer_id for item in items})
        self._rates = reference_rates(receipt.entity_id, self._day)
        rows = Customer.objects.filter(customer_id__in=self._customers, is_current=True).order_by("customer_id")
        self._first = rows.first()
        self._credits = self._open_credits()
        self._rules = entry_rules(receipt.entity_id, clock.today())
        self._free = self._earlier_money()
        self.stated = stated_by(receipt.receipt_id)

    def case(self, gap: int, settled: Mapping[str, int]) -> Case:
        """The case of a gap over items that are to be settled with so much each (item id -> amount in its sign)."""
        items = tuple(as_chosen(self.items[name], amount, self._terms) for name, amount in settled.items())
        currency = items[0].currency if items else self.receipt.currency
        others = [note for note in self._credits if note.item_id not in settled]
        first = self._first
        return Case(
            gap=gap,
            items=items,
            paid_on=self._day,
            currency=currency,
            paid_in=self.receipt.currency,
            country=self._country,
            payer_country=iban_country(self.receipt.payer_account) or (first.country if first else None),
            text=" ".join(filter(None, (self.receipt.remittance, self.receipt.end_to_end_id))),
            credits=tuple(as_chosen(note, note.open, "") for note in others),
            free=self._free,
            per_unit=self.rate(currency, self.own_currency),
            rates=self._rates,
            buyer=first.kind if first else "business",
            not_suppliers=self._not_suppliers(),
            fee=self.stated.fee if self.stated else 0,
            fee_from=self.stated.fee_from if self.stated else "",
        )

    def _not_suppliers(self) -> tuple[str, ...]:
        known = self._rules.supplier_codes
        codes = (customer_id.split(":", 1)[-1] for customer_id in self._customers)
        return tuple(code for code in codes if code not in known)

    def rate(self, of: str, to: str) -> Decimal | None:
        """Minor units of `to` for one minor unit of `of` on the day of the payment; None where no rate is known."""
        return unit_rate(of, to, self._day)

    def _open_credits(self) -> list[Item]:
        rows = Item.objects.filter(customer_id__in=self._customers, is_current=True, open__lt=0)
        return list(rows.filter(entity_id=self.receipt.entity_id).order_by("issued_on", "item_id")[:_LOOKED_AT])

    def _earlier_money(self) -> tuple[Free, ...]:
        rows = Receipt.objects.filter(customer_id__in=self._customers, is_current=True, unapplied__gt=0)
        rows = rows.filter(currency=self.receipt.currency, entity_id=self.receipt.entity_id)
        rows = rows.exclude(receipt_id=self.receipt.receipt_id).order_by("booked_on", "receipt_id")[:_LOOKED_AT]
        return tuple(Free(row.receipt_id, row.booked_on, row.unapplied) for row in rows)


def as_chosen(item: Item, amount: int, terms: str) -> Chosen:
    """An item of which so much is to be settled."""
    return Chosen(
        item.item_id,
        item.number,
        item.kind,
        item.customer_id,
        item.issued_on,
        item.due_on,
        item.amount,
        amount,
        item.currency,
        item.discount_on,
        item.discount_amount,
        terms or None,
    )


def iban_country(account: str | None) -> str | None:
    """The country of an IBAN."""
    code = (account or "").replace(" ", "")[:4].upper()
    return code[:2] if len(code) == 4 and code[:2].isalpha() and code[2:].isdigit() else None


def unit_rate(of: str, to: str, day: object) -> Decimal | None:
    """Minor units of `to` for one minor unit of `of`, by the last reference rates on or before the day."""
    if of == to:
        return Decimal(1)
    per_euro = [_per_euro(currency, day) for currency in (of, to)]
    if per_euro[0] is None or per_euro[1] is None or not per_euro[0]:
        return None
    scale = EXPONENTS.get(to, 2) - EXPONENTS.get(of, 2)
    return (per_euro[1] / per_euro[0]).scaleb(scale)


def _per_euro(currency: str, day: object) -> Decimal | None:
    if currency == _EURO:
        return Decimal(1)
    rows = Rate.objects.filter(currency=currency, on__lte=day, is_current=True).order_by("-on")
    found = rows.values_list("rate", flat=True).first()
    return None if found is None else Decimal(str(found))
