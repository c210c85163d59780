"""Errors that came to light by themselves: reversals, items missed by another receipt. They alone can refute a promise.

They are no sample: a wrong post is found so, a right one never. In the sample that certifies they would stand for posts
of which none was looked at, so they are counted against *all* posts instead. What is known is at most what there is:
where even that is more than the promise allows, the promise is broken, whatever the audit says.
"""

from __future__ import annotations

import polars as pl

from encours.core.matching.certificate.bounds import binomial_tail

#: How sure it must be that a stratum is worse than promised. The question is asked every night.
_SURE = 0.999
#: One row a stratum: how many posts stand on the promise, and how many of them are known to be wrong, audited or not.
KNOWN_SCHEMA: dict[str, pl.DataType] = {"stratum": pl.String(), "posts": pl.Int64(), "wrong": pl.Int64()}


def refuted(known: pl.DataFrame, target: float, per_stratum: bool = True) -> frozenset[str]:
    """The strata (`known`: KNOWN_SCHEMA) whose known errors could come of a rate within `target` once in a
    thousand times at most: the upper tail of the binomial distribution.

    A promise made for all together (`per_stratum` False) must be refuted by all together before any of them is.
    """
    rows = known.select(list(KNOWN_SCHEMA))
    if not per_stratum and not _is_refuted(int(rows["posts"].sum()), int(rows["wrong"].sum()), target):
        return frozenset()
    return frozenset(stratum for stratum, posts, wrong in rows.iter_rows() if _is_refuted(posts, wrong, target))


def _is_refuted(posts: int, wrong: int, target: float) -> bool:
    return wrong > 0 and 1 - binomial_tail(wrong - 1, posts, target) <= 1 - _SURE
