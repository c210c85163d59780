"""Several accounts of one group are later than their habit at once."""

from __future__ import annotations

import polars as pl

from encours.core.behaviour.alert import Alert, Seen
from encours.core.behaviour.flags import PASSED

_ROLES = ("legal_parent", "risk_group", "buying_group")


def _find(seen: Seen) -> pl.DataFrame:
    links = seen.known.customer_links.filter(pl.col("role").is_in(_ROLES)).select("customer_id", group="other_id")
    heads = links.select(customer_id="group", group="group").unique()
    members = pl.concat([links, heads]).unique(maintain_order=True)
    late = seen.flags.filter(pl.col("kind") == PASSED).join(members, on="customer_id")
    groups = late.group_by("group").agg(
        customers=pl.col("customer_id").n_unique(),
        chance=pl.col("p_abnormal").max(),
        evidence=pl.col("item_id").unique().sort().head(10),
        payer_id=pl.col("payer_id").unique().sort(),
    )
    several = groups.filter(pl.col("customers") >= 2).explode("payer_id")
    return several.select(
        "payer_id", "chance", "evidence",
        sentence=pl.format("{} accounts of the group of {} are later than they usually are.", "customers", "group"),
    ).unique("payer_id", keep="first", maintain_order=True)  # fmt: skip


ALERT = Alert("group_late", 5, _find)
