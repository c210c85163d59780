"""An invoice that was paid before it was issued is no fault of what is forecast of invoices to come."""

from __future__ import annotations

from datetime import date

import numpy as np

from encours.core.forecast.invoicing import Paid, Past, invoicing


def test_money_that_came_before_its_invoice_is_left_out() -> None:
    past = Past(date(2026, 3, 31), np.full(7 * 30, 100.0))
    share = np.zeros(371)
    share[10] = 1.0
    issued = np.arange(7 * 30, dtype=np.int64)
    on = np.maximum(issued - 10, 0)
    cash = np.full(len(issued), 100.0)
    plain = invoicing(past, Paid(share, issued, on, cash), 13)
    early = Paid(share, np.append(issued, 3), np.append(on, 60), np.append(cash, 1e6))
    found = invoicing(past, early, 13)
    assert plain is not None
    assert found is not None
    assert np.isfinite(found.wrong).all()
    assert np.array_equal(found.amount, plain.amount)
