"""The trade's words for how a bank account is kept."""

from __future__ import annotations

from django.utils.translation import gettext as _


def modes() -> list[tuple[str, str, str]]:
    """Code, name and what it means, of every mode."""
    return [
        ("full", _("Full entry"), _("nobody has booked the bank line: bank → customer")),
        ("suspense", _("From suspense"), _("the bank line stands on the suspense account: suspense → customer")),
        ("letters", _("Letters only"), _("the ERP has booked the customer’s payment: only the letters are missing")),
    ]


def mode(code: str) -> str:
    """The name of a mode; an unknown one stays itself."""
    return next((name for known, name, _meaning in modes() if known == code), code)
