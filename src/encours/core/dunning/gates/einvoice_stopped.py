"""The customer's platform refused, rejected, suspended or disputed the e-invoice: it is not payable as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.dunning.holding import last_events

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

CODE, RANK, TASK = "einvoice_stopped", 50, "mend_einvoice"
SENTENCE = "E-invoice {word} on {on}: mend it first."

_STOPPED = {
    "einvoice:207": "disputed",
    "einvoice:208": "suspended",
    "einvoice:210": "refused",
    "einvoice:213": "rejected",
    "einvoice:220": "cancelled",
    "einvoice:221": "sent to a wrong address",
}
#: Statuses after which it is on its way again.
_RESUMED = ("einvoice:204", "einvoice:205", "einvoice:206", "einvoice:209", "einvoice:211", "einvoice:212")


def hold(facts: Facts) -> pl.DataFrame:
    """Items whose last status stops them, wholly: another invoice or a completed one begins anew."""
    told = last_events(facts.book, "item", list(_STOPPED), _RESUMED)
    rows = facts.items.join(told.select("on", "kind", item_id="subject_id"), on="item_id", suffix="_event")
    return rows.select("item_id", "on", word=pl.col("kind_event").replace_strict(_STOPPED, return_dtype=pl.String))
