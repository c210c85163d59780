"""The screen's tables as columns of a download."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from encours.usecases.show_closing import BalanceRow, ChangeRow
from encours.usecases.show_closings import Line
from encours.web.shell import words
from encours.web.shell.tables import Column


def bucket(key: str, usual: str) -> str:
    """The label of a bucket by its own limits: d1_15 is 1–15 days, whatever the usual ones are."""
    if not key.startswith("d"):
        return words.buckets()[0]
    low, _sep, high = key[1:].partition("_")
    if high == "plus":
        return _("%(low)s days and more") % {"low": low}
    return _("%(low)s–%(high)s days") % {"low": low, "high": high} if high.isdecimal() else usual


def lines(rows: Sequence[Line]) -> list[Column]:
    """What explains a gap."""
    kinds = [words.word("receipt" if row.subject == "receipt" else "allocation", row.kind) for row in rows]
    return [
        Column(_("Date"), [row.on for row in rows], "date"),
        Column(_("Kind"), kinds),
        Column(_("Label"), [row.label for row in rows]),
        Column(_("Customer account"), [row.customer_id for row in rows]),
        Column(_("Customer"), [row.customer_name for row in rows]),
        Column(_("Currency"), [row.currency for row in rows]),
        Column(_("Amount"), [(row.amount, row.currency) for row in rows], "money"),
        Column(_("Reference in Encours"), [row.subject_id for row in rows]),
    ]


def balances(rows: Sequence[BalanceRow], buckets: Sequence[str]) -> list[Column]:
    """The sealed aged balance."""
    late = [
        Column(bucket(key, key), [(row.buckets[place], row.currency) for row in rows], "money")
        for place, key in enumerate(buckets)
    ]
    return [
        Column(_("Customer account"), [row.customer_id for row in rows]),
        Column(_("Currency"), [row.currency for row in rows]),
        Column(_("Customer"), [row.name for row in rows]),
        *late,
        Column(_("Credit notes"), [(row.credits, row.currency) for row in rows], "money"),
        Column(_("Down payments"), [(row.advances, row.currency) for row in rows], "money"),
        Column(_("Unapplied receipts"), [(row.unapplied, row.currency) for row in rows], "money"),
        Column(_("Total"), [(row.total, row.currency) for row in rows], "money"),
    ]


def changes(rows: Sequence[ChangeRow]) -> list[Column]:
    """What stands otherwise than it was sealed."""
    subjects = {"item": _("Item"), "receipt": _("Receipt")}
    return [
        Column(_("Kind"), [subjects.get(row.subject, row.subject) for row in rows]),
        Column(_("Customer account"), [row.customer_id for row in rows]),
        Column(_("Customer"), [row.customer_name for row in rows]),
        Column(_("Label"), [row.label for row in rows]),
        Column(_("Date"), [row.dated_on for row in rows], "date"),
        Column(_("Currency"), [row.currency for row in rows]),
        Column(_("Sealed"), [(row.sealed, row.currency) for row in rows], "money"),
        Column(_("Now"), [(row.now, row.currency) for row in rows], "money"),
        Column(_("Change"), [(row.change, row.currency) for row in rows], "money"),
    ]
