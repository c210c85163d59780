"""One e-invoice as plain values: number, dates, parties, totals; whatever syntax it came in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from encours.connectors.einvoice.terms import Syntax, elements, texts

#: UNTDID 1001 codes of documents that lower what the buyer owes.
CREDIT_TYPES = frozenset(["81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"])
DEBIT_TYPES = frozenset(["80", "82", "383"])
#: Documents that ask for nothing: pro forma, orders, delivery documents that share the syntax.
NO_CLAIM_TYPES = frozenset(["325", "220", "231", "351"])
_DATE_TEXT = re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b|\b(\d{4})-(\d{2})-(\d{2})\b")


@dataclass(frozen=True)
class Party:
    """A seller or buyer; `siren` where its French number can be told from legal id or VAT id."""

    name: str | None
    legal_id: str | None
    vat_id: str | None
    own_id: str | None
    global_id: str | None
    country: str | None
    email: str | None
    siren: str | None

    def keys(self) -> set[str]:
        """Every spelling by which an entity may be known, upper case and without blanks."""
        known = (self.siren, self.legal_id, self.vat_id, self.own_id, self.global_id)
        return {re.sub(r"\W", "", key).upper() for key in known if key}


@dataclass(frozen=True)
class Invoice:
    """The values that a receivable needs. Amounts are as printed; `parts` are (due date, amount or None)."""

    syntax: str
    root: str
    number: str | None
    type: str | None
    issued_on: date | None
    currency: str | None
    total: Decimal | None
    payable: Decimal | None
    net: Decimal | None
    tax: Decimal | None
    prepaid: Decimal | None
    rounding: Decimal | None
    parts: tuple[tuple[date, Decimal | None], ...]
    terms_text: str | None
    seller: Party
    buyer: Party
    lines: int
    profile: str | None
    payment_reference: str | None
    payment_method: str | None
    purchase_order: str | None
    order_ref: str | None
    delivery_ref: str | None

    @property
    def is_credit_note(self) -> bool:
        """Whether the document lowers what is owed."""
        return self.type in CREDIT_TYPES or self.root == "CreditNote"


def read_invoice(syntax: Syntax, root: Any) -> Invoice:
    """The values of a document; what is absent or unreadable is None."""
    first = {
        name: next(iter(texts(syntax, root, name)), None) for name in syntax.paths if name not in ("terms", "lines")
    }
    currency = first["currency"] or _currency_of_amounts(syntax, root)
    return Invoice(
        syntax=syntax.name,
        root=str(root.tag).rsplit("}", 1)[-1],
        number=first["number"],
        type=first["type"],
        issued_on=parse_day(first["issued_on"]),
        currency=currency.upper() if currency else None,
        total=_decimal(first["total"]) if first["total"] else _decimal(first["payable"]),
        payable=_decimal(first["payable"]),
        net=_decimal(first["net"]),
        tax=_tax(syntax, root, currency),
        prepaid=_decimal(first["prepaid"]),
        rounding=_decimal(first["rounding"]),
        parts=_parts(syntax, root),
        terms_text=" ".join(texts(syntax, root, "terms_text")) or None,
        seller=_party(syntax, root, "seller"),
        buyer=_party(syntax, root, "buyer"),
        lines=len(elements(syntax, root, "lines")),
        **{
            name: first[name]
            for name in (
                "profile",
                "payment_reference",
                "payment_method",
                "purchase_order",
                "order_ref",
                "delivery_ref",
            )
        },
    )


def parse_day(text: str | None) -> date | None:
    """`20260331` (format 102), `2026-03-31`, and either with a time or zone behind it; None for anything else."""
    if not text:
        return None
    match = re.match(r"(\d{4})-?(\d{2})-?(\d{2})", text)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def day_in_text(text: str | None, after: date) -> date | None:
    """The one date on or after `after` that payment terms name in words; None where there is none or several."""
    found = set()
    for match in _DATE_TEXT.finditer(text or ""):
        day, month, year = (match[1], match[2], match[3]) if match[1] else (match[6], match[5], match[4])
        try:
            found.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    later = {day for day in found if day >= after}
    return later.pop() if len(later) == 1 else None


def _decimal(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text.strip()) if text else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None


def _currency_of_amounts(syntax: Syntax, root: Any) -> str | None:
    """The one currency that the totals themselves bear as attribute; None where they bear none or several."""
    marks = {
        element.get("currencyID")
        for term in ("total", "payable")
        for element in elements(syntax, root, term)
        if element.get("currencyID")
    }
    return str(marks.pop()) if len(marks) == 1 else None


def _tax(syntax: Syntax, root: Any, currency: str | None) -> Decimal | None:
    """The VAT total in the invoice's currency: it may stand a second time in the accounting currency (BT-111)."""
    found = elements(syntax, root, "tax")
    own = [element for element in found if element.get("currencyID") in (None, currency)] or found
    return _decimal("".join(own[0].itertext()).strip()) if own else None


def _parts(syntax: Syntax, root: Any) -> tuple[tuple[date, Decimal | None], ...]:
    """Every due date with its amount where the terms part the invoice (profile EXTENDED), in order of date."""
    if syntax.name == "UBL":
        days = [day for text in texts(syntax, root, "due_on") if (day := parse_day(text))]
        amounts = _ubl_instalments(syntax, root)
        if len(amounts) > 1:
            return amounts
        return tuple((day, None) for day in sorted(set(days))[:1])
    found = []
    for terms in elements(syntax, root, "terms"):
        day = parse_day("".join(terms.xpath("string(*[local-name()='DueDateDateTime'])")).strip())
        amount = _decimal(str(terms.xpath("string(*[local-name()='PartialPaymentAmount'])")).strip())
        if day is not None:
            found.append((day, amount))
    return tuple(sorted(found, key=lambda part: part[0]))


def _ubl_instalments(syntax: Syntax, root: Any) -> tuple[tuple[date, Decimal | None], ...]:
    found = []
    for terms in elements(syntax, root, "terms"):
        day = parse_day(
            str(terms.xpath("string(*[local-name()='InstallmentDueDate' or local-name()='PaymentDueDate'])"))
        )
        amount = _decimal(str(terms.xpath("string(*[local-name()='Amount'])")).strip())
        if day is not None and amount is not None:
            found.append((day, amount))
    return tuple(sorted(found, key=lambda part: part[0]))


def _party(syntax: Syntax, root: Any, role: str) -> Party:
    def first(name: str) -> str | None:
        return next(iter(texts(syntax, root, f"{role}_{name}")), None)

    tax_ids = [re.sub(r"[\s.-]", "", value).upper() for value in texts(syntax, root, f"{role}_tax_ids")]
    # Beside the VAT id there may be a national tax number without a country prefix.
    vat = next((value for value in tax_ids if re.match(r"[A-Z]{2}[A-Z0-9]{2,13}$", value)), None)
    legal = first("legal_id")
    return Party(
        name=first("name"),
        legal_id=legal,
        vat_id=vat,
        own_id=first("id"),
        global_id=first("global_id"),
        country=first("country"),
        email=first("email"),
        siren=_siren(legal, vat, first("country")),
    )


def _siren(legal: str | None, vat: str | None, country: str | None) -> str | None:
    digits = re.sub(r"\D", "", legal or "")
    if len(digits) in (9, 14) and country in (None, "FR") and not re.search(r"[A-Za-z]", legal or ""):
        return digits[:9]
    french = re.fullmatch(r"FR[A-Z0-9]{2}(\d{9})", vat or "")
    return french[1] if french else None
