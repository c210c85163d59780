"""The random audit: which automatic posts a person looks at, and what they say about all of them.

Each post is drawn or not by a hash of its id and a seed, whatever else is posted: anybody can draw again, and nobody
can choose. Its chance is kept. Counted with the weight 1/chance, the errors found estimate the errors made without
bias (D. G. Horvitz and D. J. Thompson, J. Amer. Statist. Assoc. 47, 1952).
"""

from __future__ import annotations

from hashlib import blake2b

import polars as pl

from encours.core.matching.certificate.decide import BY_PRIOR

#: The chance of an audit of a post far from its threshold, and under the shipped prior.
AUDIT_RATE = 0.01
PROVISIONAL_AUDIT_RATE = 0.10
#: Near the threshold errors are likelier, and each one found there says more.
LOW_MARGIN_FACTOR = 2.0
#: Low: in doubt by more than this share of the doubt that the threshold allows.
LOW_MARGIN = 1 / 3

#: Columns added to the posts. `chance`: of being audited; `audit`: whether it is.
AUDIT_SCHEMA: dict[str, pl.DataType] = {"chance": pl.Float64(), "audit": pl.Boolean()}


def draw(posts: pl.DataFrame, seed: str, rate: float = AUDIT_RATE) -> pl.DataFrame:
    """`posts` with AUDIT_SCHEMA.

    `posts`: receipt_id, confidence, threshold (null where a proof posted it), via (as `decide` writes it). The share
    drawn is between `rate` and twice that; of posts on the shipped prior at least PROVISIONAL_AUDIT_RATE.
    """
    low = (1 - pl.col("confidence") > LOW_MARGIN * (1 - pl.col("threshold"))).fill_null(False)
    prior = (pl.col("via") == BY_PRIOR).fill_null(False)
    base = pl.when(prior).then(max(rate, PROVISIONAL_AUDIT_RATE)).otherwise(rate)
    chance = pl.when(low).then(base * LOW_MARGIN_FACTOR).otherwise(base).clip(upper_bound=1.0)
    lots = pl.Series("lot", [_lot(seed, receipt) for receipt in posts["receipt_id"]], dtype=pl.Float64)
    return posts.with_columns(chance=chance).with_columns(audit=lots < pl.col("chance"))


def estimated(audited: pl.DataFrame, posts: int, value: int) -> dict[str, float | None]:
    """`error_rate` and `value_rate`: the shares of all posts and of their money that are wrong.

    `audited`: right, chance, amount (minor units) of the posts drawn and judged; `posts`, `value`: how many posts and
    how much money (minor units) they were drawn from. None: nothing was posted.
    """
    weight = pl.when(pl.col("right").not_()).then(1 / pl.col("chance")).otherwise(0.0)
    wrong, money = audited.select(weight.sum(), money=(weight * pl.col("amount").abs()).sum()).row(0)
    return {"error_rate": wrong / posts if posts else None, "value_rate": money / abs(value) if value else None}


def _lot(seed: str, receipt_id: str) -> float:
    """A number in 0..1 that the seed and the id fix: the first 53 bits of a hash, so that it fits a float."""
    digest = blake2b(f"{seed}\x1f{receipt_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53
