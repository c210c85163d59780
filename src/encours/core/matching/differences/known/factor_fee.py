"""A factor pays out what it financed less its commission (rémunération d'affacturage)."""

from __future__ import annotations

from decimal import Decimal

from encours.core.matching.differences.known._stated import StatedFee
from encours.core.matching.differences.policy import Rule


class _FactorFee(StatedFee):
    name = "factor_fee"
    sentence = "The factor kept the commission that its report states."
    form = "factor"
    rule = Rule(account="6225", owner="treasury", percent=Decimal(10))


CAUSE = _FactorFee()
