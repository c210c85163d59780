"""The trade's words for the codes of the Book and the workflow."""

from __future__ import annotations

from functools import lru_cache

from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N_

_WORDS = {
    "item": {
        "invoice": gettext_lazy("Invoice"),
        "credit_note": gettext_lazy("Credit note"),
        "debit_note": gettext_lazy("Debit note"),
        "down_payment": gettext_lazy("Down payment"),
        "retention": gettext_lazy("Retention"),
        "opening": gettext_lazy("Opening balance"),
    },
    "receipt": {
        "transfer": gettext_lazy("Transfer"),
        "direct_debit": gettext_lazy("Direct debit"),
        "cheque": gettext_lazy("Cheque"),
        "draft": gettext_lazy("Draft"),
        "card": gettext_lazy("Card"),
        "cash": gettext_lazy("Cash"),
        "return": gettext_lazy("Returned payment"),
        "out": gettext_lazy("Paid out"),
        "other": gettext_lazy("Other"),
    },
    "origin": {"bank": gettext_lazy("Bank"), "ledger": gettext_lazy("Ledger")},
    "allocation": {
        "cash": pgettext_lazy("allocation", "Payment"),
        "credit": gettext_lazy("Credit note"),
        "discount": gettext_lazy("Early-payment discount"),
        "charge": gettext_lazy("Bank charge"),
        "write_off": gettext_lazy("Write-off"),
        "fx": gettext_lazy("Exchange difference"),
        "netting": gettext_lazy("Netting"),
        "ledger": gettext_lazy("Settled in the ERP"),
    },
    "settled_by": {
        "here": gettext_lazy("accepted here"),
        "ledger": gettext_lazy("lettered in the ledger"),
        "list": gettext_lazy("gone from the list of open items"),
        "invoice": gettext_lazy("said by the invoice"),
    },
    "customer": {
        "business": gettext_lazy("Company"),
        "consumer": gettext_lazy("Consumer"),
        "public": gettext_lazy("Public body"),
    },
    "strategy": {
        "develop": gettext_lazy("Develop"),
        "protect": gettext_lazy("Protect"),
        "normal": gettext_lazy("Normal"),
        "reduce": gettext_lazy("Reduce"),
        "exit": gettext_lazy("Exit"),
    },
    "link": {
        "payer": gettext_lazy("Payer"),
        "invoice_to": gettext_lazy("Invoiced to"),
        "site": gettext_lazy("Site"),
        "legal_parent": gettext_lazy("Parent company"),
        "risk_group": gettext_lazy("Risk group"),
        "buying_group": gettext_lazy("Buying group"),
    },
    "role": {
        "viewer": gettext_lazy("Viewer"),
        "collector": gettext_lazy("Collector"),
        "cash_application": gettext_lazy("Cash application"),
        "credit_manager": gettext_lazy("Credit manager"),
        "sales": gettext_lazy("Sales"),
        "administrator": gettext_lazy("Administrator"),
    },
    "contact": {
        "accounts_payable": gettext_lazy("Accounts payable"),
        "buyer": gettext_lazy("Buyer"),
        "cfo": gettext_lazy("CFO"),
        "site": gettext_lazy("Site"),
    },
    "instrument": {
        "lcr": gettext_lazy("LCR draft"),
        "bor": gettext_lazy("BOR draft"),
        "cheque": gettext_lazy("Cheque"),
        "direct_debit": gettext_lazy("Direct debit"),
    },
    "instrument_state": {
        "requested": gettext_lazy("Requested"),
        "accepted": gettext_lazy("Accepted"),
        "presented": gettext_lazy("Presented"),
        "discounted": gettext_lazy("Discounted"),
        "paid": gettext_lazy("Paid"),
        "unpaid": gettext_lazy("Unpaid"),
    },
    # The codes of UNTDID 4461 as e-invoices give them; an ERP's own words stay themselves.
    "payment_method": {
        "10": gettext_lazy("Cash"),
        "20": gettext_lazy("Cheque"),
        "30": gettext_lazy("Transfer"),
        "42": gettext_lazy("Transfer"),
        "48": gettext_lazy("Card"),
        "49": gettext_lazy("Direct debit"),
        "54": gettext_lazy("Card"),
        "55": gettext_lazy("Card"),
        "57": gettext_lazy("Standing agreement"),
        "58": gettext_lazy("Transfer"),
        "59": gettext_lazy("Direct debit"),
        "97": gettext_lazy("Netting"),
        "transfer": gettext_lazy("Transfer"),
        "direct_debit": gettext_lazy("Direct debit"),
        "cheque": gettext_lazy("Cheque"),
        "card": gettext_lazy("Card"),
        "cash": gettext_lazy("Cash"),
        "lcr": gettext_lazy("LCR draft"),
        "bor": gettext_lazy("BOR draft"),
    },
    "promise": {
        "promise": gettext_lazy("Promise to pay"),
        "payment_announced": gettext_lazy("Payment announced"),
        "instalment": gettext_lazy("Instalment"),
    },
    "channel": {
        "email": gettext_lazy("Email"),
        "letter": gettext_lazy("Letter"),
        "registered_letter": gettext_lazy("Registered letter"),
        "sms": gettext_lazy("SMS"),
        "voice": gettext_lazy("Voice message"),
        "call": gettext_lazy("Call"),
        "portal": gettext_lazy("Portal"),
    },
    "document": {
        "invoice": gettext_lazy("Invoice"),
        "delivery_note": gettext_lazy("Delivery note"),
        "order": gettext_lazy("Order"),
        "e_invoice": gettext_lazy("E-invoice"),
    },
    "import": {
        "received": gettext_lazy("Received"),
        "read": gettext_lazy("To be confirmed"),
        "held": gettext_lazy("Held"),
        "loading": gettext_lazy("Loading"),
        "done": gettext_lazy("Imported"),
        "failed": gettext_lazy("Failed"),
        "discarded": gettext_lazy("Discarded"),
    },
    "scope": {
        "snapshot": gettext_lazy("Snapshot: all open items of a day"),
        "period": gettext_lazy("Period: all that happened between two days"),
        "changes": gettext_lazy("Changes: some facts"),
    },
    "severity": {
        "error": gettext_lazy("Error"),
        "warning": gettext_lazy("Warning"),
        "info": gettext_lazy("Information"),
    },
    "reading": {
        "known": gettext_lazy("as known that day"),
        "booked": gettext_lazy("by accounting date"),
    },
    "table": {
        "entities": gettext_lazy("Entities"),
        "customers": gettext_lazy("Customers"),
        "customer_links": gettext_lazy("Links between customers"),
        "payer_aliases": gettext_lazy("Known payers"),
        "contacts": gettext_lazy("Contacts"),
        "items": gettext_lazy("Invoices and credit notes"),
        "documents": gettext_lazy("Documents"),
        "receipts": gettext_lazy("Receipts"),
        "statements": gettext_lazy("Bank statements"),
        "allocations": gettext_lazy("Allocations"),
        "instruments": gettext_lazy("Drafts and cheques"),
        "instrument_items": gettext_lazy("Invoices in drafts"),
        "promises": gettext_lazy("Promises"),
        "disputes": gettext_lazy("Disputes"),
        "orders": gettext_lazy("Orders"),
        "touches": gettext_lazy("Reminders sent"),
        "events": gettext_lazy("Events"),
        "rates": gettext_lazy("Exchange rates"),
    },
    "rule": {
        "quoted_exact": gettext_lazy("Quoted, exact amount"),
        "quoted_some": gettext_lazy("Some of the quoted items"),
        "quoted_credit": gettext_lazy("Quoted, less credit notes"),
        "quoted_discount": gettext_lazy("Quoted, less discount"),
        "quoted_charge": gettext_lazy("Quoted, less a bank charge"),
        "quoted_rounding": gettext_lazy("Quoted, but for a rounding"),
        "quoted_more": gettext_lazy("Quoted, with further items"),
        "quoted_part": gettext_lazy("Quoted, paid in part"),
        "quoted_over": gettext_lazy("Quoted, paid too much"),
        "one": gettext_lazy("One item of this amount"),
        "one_discount": gettext_lazy("One item, less discount"),
        "one_charge": gettext_lazy("One item, less a bank charge"),
        "one_rounding": gettext_lazy("One item, but for a rounding"),
        "two": gettext_lazy("Two items"),
        "three": gettext_lazy("Three items"),
        "any_set": gettext_lazy("Several items"),
        "run": gettext_lazy("Items in order of due date"),
        "due_until": gettext_lazy("All that was due until a day"),
        "month": gettext_lazy("The invoices of a month"),
        "balance": gettext_lazy("The whole balance"),
        "returned_payment": gettext_lazy("Returned payment"),
        "return_fee": gettext_lazy("Fee for a returned payment"),
        "batch": gettext_lazy("Remittance, line by line"),
        "advice": gettext_lazy("Remittance advice, line by line"),
        "other_entity": gettext_lazy("Owed to another entity"),
        "by_hand": gettext_lazy("By hand"),
        "amount_differs": gettext_lazy("Quoted, the amount differs"),
        "no_fit": gettext_lazy("Customer known, nothing fits"),
        "no_reference": gettext_lazy("Without a reference"),
        "no_text": gettext_lazy("Without a text"),
        "settled_already": gettext_lazy("What it quotes is settled"),
        "second_payment": gettext_lazy("Paid twice?"),
        "other_currency": gettext_lazy("Another currency"),
        "quoted_currency": gettext_lazy("Quoted, in another currency"),
        "advance": gettext_lazy("Speaks of an advance"),
        "batch_missing": gettext_lazy("Remittance without its file"),
        "batch_settled": gettext_lazy("Remittance that is settled"),
        "batch_differs": gettext_lazy("Remittance of another total"),
        "refused_before": gettext_lazy("Refused before"),
        "money_out": gettext_lazy("Money out"),
        "not_from_customer": gettext_lazy("Probably not from a customer"),
        "not_looked_at": gettext_lazy("Not looked at yet"),
    },
    "cause": {
        "discount": gettext_lazy("Discount"),
        "bank_charge": gettext_lazy("Bank charge"),
        "rounding": gettext_lazy("Rounding"),
        "price_short": gettext_lazy("Price difference"),
        "quantity_short": gettext_lazy("Quantity difference"),
        "credit_note": gettext_lazy("Credit note deducted"),
        "rebate": gettext_lazy("Rebate to come"),
        "logistics_penalty": gettext_lazy("Logistics penalty"),
        "netting": gettext_lazy("Netting with what we owe"),
        "retention": gettext_lazy("Retention"),
        "deducted_advance": gettext_lazy("Advance deducted"),
        "withholding": gettext_lazy("Tax withheld abroad"),
        "overpayment": gettext_lazy("Paid too much"),
        "fx": gettext_lazy("Exchange difference"),
        "late_penalties": gettext_lazy("Late-payment penalties"),
        "loss": gettext_lazy("Loss"),
        "part_payment": gettext_lazy("Part payment"),
    },
    "owner": {
        "accounting": pgettext_lazy("owner", "Accounting"),
        "cash_application": pgettext_lazy("owner", "Cash application"),
        "collection": pgettext_lazy("owner", "Collection"),
        "sales": pgettext_lazy("owner", "Sales"),
        "logistics": pgettext_lazy("owner", "Logistics"),
        "treasury": pgettext_lazy("owner", "Treasury"),
        "tax": pgettext_lazy("owner", "Tax"),
        "credit": pgettext_lazy("owner", "Credit"),
    },
    "unapplied": {
        "advance": gettext_lazy("Advances"),
        "customer": gettext_lazy("On a customer’s account"),
        "unknown": gettext_lazy("Nobody’s yet"),
        "returned": gettext_lazy("Returned payments"),
        "not_customer": gettext_lazy("Not from customers"),
    },
    "act": {
        "see": gettext_lazy("See the book"),
        "export_list": gettext_lazy("Export lists"),
        "import_files": gettext_lazy("Import files"),
        "accept_match": gettext_lazy("Accept a match"),
        "undo_match": gettext_lazy("Undo a match"),
        "reject_match": gettext_lazy("Refuse a match"),
        "rewind_run": gettext_lazy("Rewind a run"),
        "activate_automatic_posting": gettext_lazy("Turn automatic posting on"),
        "set_error_budget": gettext_lazy("Choose the error budget"),
        "switch_stratum": gettext_lazy("Switch a kind of match on again"),
        "judge_match": gettext_lazy("Judge audited posts"),
        "certify_matching": gettext_lazy("Make a certificate"),
        "export": gettext_lazy("Export to the ERP"),
        "close_period": gettext_lazy("Close a period"),
        "reopen_period": gettext_lazy("Reopen a period"),
        "enter_ledger_balance": gettext_lazy("Enter a ledger balance"),
        "write_note": gettext_lazy("Write notes"),
        "see_audit": gettext_lazy("Read the audit"),
        "see_rights": gettext_lazy("Read who may do what"),
        "manage_users": gettext_lazy("Manage users"),
        "manage_settings": gettext_lazy("Change settings"),
        "manage_portfolios": gettext_lazy("Manage portfolios"),
        "write_off": gettext_lazy("Write off"),
        "book_advance": gettext_lazy("Book an advance"),
        "mark_not_customer": gettext_lazy("Mark as not from a customer"),
        "open_dispute": gettext_lazy("Open a dispute"),
        "close_dispute": gettext_lazy("Close a dispute"),
    },
}
_BUCKETS = (N_("Not due"), N_("1–30 days"), N_("31–60 days"), N_("61–90 days"), N_("91 days and more"))


def word(kind: str, code: str | None) -> str:
    """The word for a code; an unknown code stays itself, none is a dash."""
    if not code:
        return "—"
    return str(_WORDS.get(kind, {}).get(code, code))


def words(kind: str) -> dict[str, str]:
    """All codes of a kind with their words."""
    return {code: str(label) for code, label in _WORDS[kind].items()}


def buckets() -> list[str]:
    """Names of the ageing buckets, not due first."""
    return list(_buckets(get_language()))


@lru_cache(maxsize=8)
def _buckets(language: str | None) -> tuple[str, ...]:
    del language  # the reader's, asked for a hundred times a page
    return tuple(_(name) for name in _BUCKETS)
