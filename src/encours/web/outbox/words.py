"""The outbox in words: its tabs, its acts, and what frees what is held."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_ACTS = {
    "approve": (gettext_lazy("Approve"), gettext_lazy("Approved: it leaves in ten minutes.")),
    "recall": (gettext_lazy("Recall"), gettext_lazy("Recalled: it waits for you again.")),
    "discard": (gettext_lazy("Discard"), gettext_lazy("Discarded.")),
    "left": (gettext_lazy("It has left"), gettext_lazy("Noted: it has left.")),
    "not_left": (gettext_lazy("It has not left: send it"), gettext_lazy("It is sent again.")),
    "answered": (gettext_lazy("The customer answered"), gettext_lazy("Noted: reminders wait until somebody decides.")),
    "retry": (gettext_lazy("Try again"), gettext_lazy("It is tried again.")),
}
#: Code of a task of the firewall -> (what to do, the page where it is done, the argument it takes).
_FREES = {
    "import_bank": (gettext_lazy("Import the bank's file"), "imports", ""),
    "import_ledger": (gettext_lazy("Import the ledger"), "imports", ""),
    "review_match": (gettext_lazy("Confirm the match"), "cash", ""),
    "apply_receipt": (gettext_lazy("Apply the money"), "cash", ""),
    "set_off_credit": (gettext_lazy("Set the credit note against it"), "customer", "customer_id"),
    "watch_receipt": (gettext_lazy("Watch for the money"), "customer", "customer_id"),
    "watch_promise": (gettext_lazy("Watch the promise"), "customer", "customer_id"),
    "settle_dispute": (gettext_lazy("Settle the dispute"), "item", "item_id"),
    "issue_credit_note": (gettext_lazy("Issue the credit note"), "item", "item_id"),
    "mend_einvoice": (gettext_lazy("Mend the e-invoice"), "item", "item_id"),
    "release_retention": (gettext_lazy("Release the retention"), "item", "item_id"),
    "write_off_lapsed": (gettext_lazy("Write off what is time-barred"), "item", "item_id"),
    "write_off_small": (gettext_lazy("Write the small rest off, or wait for more"), "item", "item_id"),
    "ask_bank": (gettext_lazy("Ask the bank about the draft"), "item", "item_id"),
    "ask_factor": (gettext_lazy("Ask the factor"), "item", "item_id"),
    "ask_agency": (gettext_lazy("Ask the agency"), "item", "item_id"),
    "declare_claim": (gettext_lazy("Declare the claim"), "customer", "customer_id"),
    "settle_between_entities": (gettext_lazy("Settle within the group"), "customer", "customer_id"),
    "correct_address": (gettext_lazy("Correct the address"), "customer", "customer_id"),
    "choose_channel": (gettext_lazy("Choose another channel"), "customer", "customer_id"),
    "lift_hold": (gettext_lazy("Lift the hold"), "customer", "customer_id"),
    "choose_scenario": (gettext_lazy("Choose a scenario"), "customer", "customer_id"),
    "outbox": (gettext_lazy("Look at the message"), "outbox", ""),
}


def tabs() -> tuple[str, ...]:
    """The tabs in their order."""
    return (
        _("To confirm"), _("About to leave"), _("Held back"), _("Left alone"), _("Sent"), _("Failed"),
        _("Uncertain"),
    )  # fmt: skip


def act(code: str) -> str:
    """An act as its button says it."""
    return str(_ACTS[code][0])


def done(code: str) -> str:
    """An act once it is done."""
    return str(_ACTS[code][1])


def purpose(step: str) -> str:
    """A message that no scenario names."""
    return step or _("Message")


def task(code: str) -> str:
    """What frees what a gate holds."""
    if not code:
        return ""
    found = _FREES.get(code)
    return str(found[0]) if found else ""


def freed(code: str, row: Any) -> dict[str, str]:
    """Where that is done, for one item."""
    label, page, argument = _FREES.get(code, ("", "", ""))
    url = reverse(page, args=[getattr(row, argument)] if argument else []) if page else ""
    return {"frees_url": url, "frees_label": str(label) if url else ""}
