"""The words of the desk for codes that no other screen shows."""

from __future__ import annotations

from django.utils.translation import gettext as _


def aside_reasons() -> list[tuple[str, str]]:
    """What a receipt may be that is not from a customer: code and word."""
    return [
        ("own_transfer", _("Own transfer")),
        ("payment_made", _("Payment made")),
        ("bank_fee", _("Bank fee")),
        ("supplier_refund", _("Supplier refund")),
        ("tax", _("Tax refund")),
        ("interest", _("Interest")),
        ("loan", _("Loan")),
        ("other", _("Other")),
    ]


def age_buckets(limits: tuple[int, ...]) -> list[str]:
    """The headings of buckets that end at these days."""
    firsts = [limit + 1 for limit in limits[:-1]]
    between = [_("%(first)s–%(last)s days") % {"first": a, "last": b} for a, b in zip(firsts, limits[1:], strict=True)]
    youngest, oldest = _("up to %(days)s days"), _("more than %(days)s days")
    return [youngest % {"days": limits[0]}, *between, oldest % {"days": limits[-1]}]
