"""What a column of a sheet may be, in the trade's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from encours.core.base.money import is_currency
from encours.usecases.map_columns import MappingPage
from encours.web.shell import format as form

_MONEY = {"amount", "debit", "credit", "open", "paid", "balance", "credit_limit", "not_due", "total", "unapplied"}
_BUCKET = "bucket_"
_KINDS = {
    "bank_lines": _("Bank lines"),
    "customers": _("Customers"),
    "open_items": _("Open items"),
    "aged_balance": _("Aged balance"),
    "payments": _("Payments"),
    "orders": _("Orders"),
    "contacts": _("Contacts"),
    "cheque_deposit": _("Cheque deposit slip"),
    "advice": _("Remittance advice"),
    "events": _("Events"),
    "factor_list": _("Invoices sold to a factor"),
    "deadlines": _("Insurer and factor deadlines"),
}
_FIELDS = {
    "account": _("Our bank account"),
    "address": _("Address"),
    "amount": _("Amount"),
    "assigned_on": _("Sold to the factor on"),
    "back_on": _("Given back by the factor on"),
    "balance": _("Running balance"),
    "batch_id": _("Deposit slip"),
    "booked_on": _("Booking date"),
    "cheque_no": _("Cheque number"),
    "collector": _("Collector"),
    "contact_name": _("Contact's name"),
    "country": _("Country"),
    "created_on": _("Customer since"),
    "credit": _("Credit"),
    "credit_limit": _("Credit limit"),
    "currency": _("Currency"),
    "customer_code": _("Customer account"),
    "customer_kind": _("Kind of customer"),
    "customer_name": _("Customer's name"),
    "debit": _("Debit"),
    "delivery_ref": _("Delivery note"),
    "deposited_on": _("Deposit date"),
    "drawer": _("Drawer of the cheque"),
    "drawer_bank": _("Drawer's bank"),
    "detail": _("Detail"),
    "due_on": _("Due date"),
    "email": _("Email"),
    "end_to_end_id": _("End-to-end reference"),
    "event": _("Event or status"),
    "factor": _("Factor"),
    "factor_on": _("Factor's deadline"),
    "first_name": _("First name"),
    "how": _("Who collects"),
    "iban": _("IBAN"),
    "insurer_on": _("Insurer's deadline"),
    "invoice_on": _("Invoice date"),
    "issued_on": _("Invoice date"),
    "kind_text": _("Kind of movement"),
    "label": _("Label"),
    "language": _("Language"),
    "ledger_account": _("Ledger account"),
    "legal_id": _("SIREN or SIRET"),
    "limitation_on": _("Limitation date"),
    "line": _("Line"),
    "margin": _("Margin"),
    "method": _("Payment method"),
    "not_due": _("Not due"),
    "number": _("Invoice number"),
    "on": _("Date of the event"),
    "open": _("Open amount"),
    "opt_out": _("Wants no messages"),
    "order_no": _("Order number"),
    "order_ref": _("Order number"),
    "ordered_on": _("Order date"),
    "overdue": _("Overdue"),
    "paid": _("Paid amount"),
    "paid_on": _("Payment date"),
    "parent_code": _("Account of the parent company"),
    "part": _("Instalment"),
    "payer_account": _("Payer's IBAN"),
    "payer_code": _("Account of the payer"),
    "payer_name": _("Payer's name"),
    "payment_id": _("Payment number"),
    "payment_method": _("Payment method"),
    "payment_reference": _("Payment reference"),
    "phone": _("Phone"),
    "posted_on": _("Accounting date"),
    "purchase_order": _("Customer's order number"),
    "reference": _("Bank reference"),
    "remittance": _("Remittance text"),
    "role": _("Role"),
    "sales_owner": _("Sales person"),
    "segment": _("Segment"),
    "sign": _("Debit or credit sign"),
    "status": _("Status"),
    "status_label": _("Label of the status"),
    "total": _("Total"),
    "type": _("Kind of document"),
    "unapplied": _("Unapplied"),
    "value_on": _("Value date"),
    "vat_id": _("VAT number"),
    "customer_hint": _("Customer as the advice names it"),
    "deducted": _("Deducted"),
    "document_on": _("Date of the document"),
    "gross": _("Amount before deductions"),
    "reason": _("Reason"),
}


def label(name: str) -> str:
    """The word for a field; an unknown one stays itself."""
    if name.startswith(_BUCKET):
        return str(_("Ageing bucket %(place)s") % {"place": int(name.removeprefix(_BUCKET))})
    return str(_FIELDS.get(name, name))


def labels(names: Iterable[str]) -> list[tuple[str, str]]:
    """(field, word) sorted as people read."""
    return sorted(((name, label(name)) for name in names), key=lambda pair: pair[1].lower())


def kinds(titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """(kind, word) of what a sheet may hold."""
    return [(name, str(_KINDS.get(name, title))) for name, title in titles.items()]


def preview(page: MappingPage) -> list[list[tuple[str, bool]]]:
    """The first rows as they would be read: (text, whether it is a number) a cell."""
    return [[_cell(name, row) for name in page.preview_names] for row in page.preview]


def _cell(name: str, row: Mapping[str, Any]) -> tuple[str, bool]:
    value = row.get(name)
    if value is None:
        return "", False
    if isinstance(value, date):
        return form.day(value), True
    if isinstance(value, int):
        currency = str(row.get("currency"))
        return form.money(value, currency if is_currency(currency) else "EUR"), True
    return str(value), False
