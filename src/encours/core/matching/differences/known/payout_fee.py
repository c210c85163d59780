"""A payment service (cards, marketplaces) pays out what it collected less its fee."""

from __future__ import annotations

from decimal import Decimal

from encours.core.matching.differences.known._stated import StatedFee
from encours.core.matching.differences.policy import Rule


class _PayoutFee(StatedFee):
    name = "payout_fee"
    sentence = "The payment service kept the fee that its report states."
    form = "payout"
    rule = Rule(account="6278", owner="treasury", percent=Decimal(10))


CAUSE = _PayoutFee()
