"""Contacts that a paying group has had, and the addresses that it can be reached at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from encours.core.base.opt_outs import refusals
from encours.core.dunning.scenario import ORDER_HOLD

if TYPE_CHECKING:
    from encours.core.dunning.facts import Facts

#: What a channel needs of a contact; a call or a letter does not bounce.
ADDRESS = {
    "email": "email", "sms": "phone", "voice": "phone", "call": "phone", "letter": "address",
    "registered_letter": "address",
}  # fmt: skip
#: Looking at the portal is no contact: the customer came by itself; of a proposal to hold orders it hears nothing.
_NOT = ("portal", ORDER_HOLD)


def contacts(facts: Facts) -> pl.DataFrame:
    """payer_id, sent_on, channel: each contact once, however many items it spoke of."""
    made = facts.book.touches.filter(~pl.col("channel").is_in(_NOT)).select("customer_id", "sent_on", "channel")
    made = made.join(facts.payers, on="customer_id", how="left")
    who = pl.coalesce("payer_id", "customer_id").alias("payer_id")
    return made.select(who, "sent_on", "channel").unique()


def reachable(facts: Facts) -> pl.DataFrame:
    """customer_id, channel, usable, opted_out, bounced: counts of the contacts that bear an address of the channel.

    Usable: neither opted out of it nor bounced. A customer without any such contact has no row.
    """
    told = facts.book.contacts.with_columns(refused=refusals(facts.book.contacts))
    parts = []
    for channel, column in ADDRESS.items():
        rows = told.filter(pl.col(column).is_not_null())
        out = pl.col("refused").list.contains(channel)
        bounced = pl.col("bounced_on").is_not_null() if column == "email" else pl.lit(False)
        parts.append(
            rows.group_by("customer_id").agg(
                usable=(~out & ~bounced).sum(), opted_out=out.sum(), bounced=(bounced & ~out).sum()
            ).with_columns(channel=pl.lit(channel))
        )  # fmt: skip
    return pl.concat(parts)
