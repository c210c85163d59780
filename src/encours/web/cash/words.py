"""The words of the desk for codes that no other screen shows."""

from __future__ import annotations

from django.utils.translation import gettext as _


def aside_reasons() -> list[tuple[str, str]]:
    """What a receipt may be that is not from a customer: code and word."""
    return [
        ("own_transfer", _("Own transfer")),
        ("supplier_refund", _("Supplier refund")),
        ("tax", _("Tax refund")),
        ("interest", _("Interest")),
        ("loan", _("Loan")),
        ("other", _("Other")),
    ]
