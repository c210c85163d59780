"""The form of the rules: its fields by part, and what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from encours.core.base.money import to_minor
from encours.core.entries import EntryRules

_FLAGS = ("discount_vat", "loss_vat", "receipts_vat")


@dataclass(frozen=True)
class Field:
    """Name in the form, label, what it holds, and what it is: account, journal, flag, percent, amount or lines."""

    name: str
    label: str
    value: Any
    kind: str
    help: str = ""


def parts(rules: EntryRules) -> list[tuple[str, list[Field]]]:
    """Heading and fields of every part."""
    return [
        (_("Customers"), _accounts(rules, _customers())),
        (_("Bank and collection"), _accounts(rules, _bank())),
        (_("Differences"), _accounts(rules, _differences())),
        (_("VAT and other accounts"), [*_accounts(rules, _others()), _codes(rules)]),
        (_("Journals"), _journals(rules)),
        (_("Rules"), _rules(rules)),
    ]


def read(sent: Mapping[str, str]) -> dict[str, Any]:
    """What `change_entry_rules` takes. Raises ValueError for what is no number."""
    accounts = {
        name.removeprefix("account-"): text.strip() for name, text in sent.items() if name.startswith("account-")
    }
    found: dict[str, Any] = {"accounts": accounts}
    for name in ("bank_journal", "collection_journal", "misc_journal"):
        if name in sent:
            found[name] = sent[name].strip()
    if "vat_rate" in sent:
        # A rate in percent with two decimals is read like an amount: 5,5 → 550 basis points.
        found["vat_rate"] = to_minor(sent["vat_rate"].strip() or "0", "EUR")
    if "small_max" in sent:
        found["small_max"] = to_minor(sent["small_max"].strip() or "0", sent.get("currency", "EUR"))
    if "flags" in sent:
        found |= {name: sent.get(name) == "on" for name in _FLAGS}
    if "supplier_codes" in sent:
        found["supplier_codes"] = _read_codes(sent["supplier_codes"])
    return found


def _read_codes(text: str) -> dict[str, str]:
    """Customer -> supplier, a pair a line. Raises ValueError for a line that is none."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        customer, equal, supplier = (part.strip() for part in line.partition("="))
        if not (equal and customer and supplier):
            raise ValueError(_("%(line)s: write customer = supplier") % {"line": line})
        found[customer] = supplier
    return found


def _codes(rules: EntryRules) -> Field:
    text = "\n".join(f"{customer} = {supplier}" for customer, supplier in sorted(rules.supplier_codes.items()))
    label = _("Customers that are suppliers too, for netting: a line each, customer account = supplier account")
    return Field("supplier_codes", label, text, "lines")


def _accounts(rules: EntryRules, names: list[tuple[str, str]]) -> list[Field]:
    kept = vars(rules.accounts)
    return [Field(f"account-{name}", label, kept[name], "account") for name, label in names]


def _customers() -> list[tuple[str, str]]:
    return [
        ("customers", _("Trade receivables")),
        ("retentions", _("Retentions")),
        ("drafts", _("Drafts receivable (blank: not used)")),
        ("doubtful", _("Doubtful receivables (blank: not used)")),
        ("advances", _("Advances received")),
    ]


def _bank() -> list[tuple[str, str]]:
    return [
        ("bank", _("Bank, where an account names no other")),
        ("suspense", _("Suspense account")),
        ("cheques_in_collection", _("Cheques in collection")),
        ("drafts_in_collection", _("Drafts in collection")),
        ("cards_in_collection", _("Card payments in collection (blank: straight to the bank)")),
        ("discounted_drafts", _("Discounted drafts")),
    ]


def _differences() -> list[tuple[str, str]]:
    return [
        ("discounts", _("Discounts for early payment")),
        ("bank_charges", _("Bank charges")),
        ("small_losses", _("Small differences, losses")),
        ("small_gains", _("Small differences, gains")),
        ("losses", _("Losses on bad debts")),
        ("exchange_losses", _("Exchange losses")),
        ("exchange_gains", _("Exchange gains")),
    ]


def _others() -> list[tuple[str, str]]:
    return [
        ("vat", _("VAT collected")),
        ("vat_on_receipts", _("VAT waiting for the receipt")),
        ("suppliers", _("Suppliers, for netting")),
        ("group", _("Group companies, for each other’s receipts")),
    ]


def _journals(rules: EntryRules) -> list[Field]:
    names = [
        ("bank_journal", _("Bank, where an account names no other")),
        ("collection_journal", _("Cheques and drafts")),
        ("misc_journal", _("Miscellaneous operations")),
    ]
    return [Field(name, label, getattr(rules, name), "journal") for name, label in names]


def _rules(rules: EntryRules) -> list[Field]:
    return [
        Field("vat_rate", _("VAT rate, where an invoice does not say its own (%)"), rules.vat_rate, "percent"),
        Field("small_max", _("A difference is small up to"), rules.small_max, "amount"),
        Field("discount_vat", _("A discount takes its VAT with it"), rules.discount_vat, "flag"),
        Field("loss_vat", _("A loss takes its VAT with it"), rules.loss_vat, "flag"),
        Field("receipts_vat", _("VAT is due on receipts (services)"), rules.receipts_vat, "flag"),
    ]
