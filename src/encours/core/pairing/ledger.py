"""Ledger receipts and bank lines that are the same money: one to one, and one to many in both directions."""

from __future__ import annotations

import polars as pl

from encours.core.base.days import france
from encours.core.pairing.texts import words

WORKING_DAYS_MAX = 5
_CALENDAR_DAYS_MAX = 11  # five working days with two week-ends and two holidays between them
#: Candidates in a block of days, and in one day, beyond which only the day, then only a word, can tell them apart.
_BLOCK_MAX, _DAY_MAX = 600, 200
_WEIGHT = 100
_SHARE_MIN = 0.2
LINKS = {"bank_id": pl.String(), "ledger_id": pl.String(), "rule": pl.String()}
RELATIONS = {
    "entity_id": pl.String(),
    "ledger_account": pl.String(),
    "account": pl.String(),
    "agreed": pl.Int64(),
    "of": pl.Int64(),
}


def relate(ledger: pl.DataFrame, bank: pl.DataFrame) -> pl.DataFrame:
    """entity_id, ledger_account, account, agreed, of: which bank account a ledger account (512100) is.

    Told by agreement: amounts that occur once on both sides within the window. A ledger account and a bank account
    choose each other, and a fifth of the ledger's lines of the common period must agree.
    """
    key = ["entity_id", "account", "currency", "amount"]
    once = [side.filter(~pl.struct(key).is_duplicated()) for side in (ledger, bank)]
    other = once[1].select("entity_id", "currency", "amount", bank_account="account", bank_day="booked_on")
    met = once[0].join(other, on=["entity_id", "currency", "amount"])
    near = (pl.coalesce("value_on", "booked_on") - pl.col("bank_day")).dt.total_days().abs() <= _CALENDAR_DAYS_MAX
    agreed = met.filter(near).group_by("entity_id", "account", "bank_account").agg(agreed=pl.len().cast(pl.Int64))
    if not agreed.height:
        return pl.DataFrame(schema=RELATIONS)
    spans = bank.group_by("entity_id", bank_account="account").agg(
        start=pl.col("booked_on").min(), end=pl.col("booked_on").max()
    )
    lines = ledger.select("entity_id", "account", "booked_on").join(agreed, on=["entity_id", "account"])
    lines = lines.join(spans, on=["entity_id", "bank_account"])
    inside = lines.filter(pl.col("booked_on").is_between(pl.col("start"), pl.col("end")))
    counts = inside.group_by("entity_id", "account", "bank_account").agg(of=pl.len().cast(pl.Int64))
    rated = agreed.join(counts, on=["entity_id", "account", "bank_account"], how="left")
    best = rated.sort("agreed", "account", "bank_account", descending=[True, False, False])
    of_ledger = best.unique(["entity_id", "account"], keep="first", maintain_order=True)
    of_bank = best.unique(["entity_id", "bank_account"], keep="first", maintain_order=True)
    mutual = of_ledger.join(of_bank, on=["entity_id", "account", "bank_account"], how="semi")
    sure = mutual.filter(pl.col("agreed") >= _SHARE_MIN * pl.col("of").fill_null(0))
    return sure.select("entity_id", "agreed", "of", ledger_account="account", account="bank_account").select(
        list(RELATIONS)
    )


def link(ledger: pl.DataFrame, bank: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(links, ambiguous): bank_id, ledger_id, rule; and the ledger_id, bank_id that could be several.

    Ledger rows bear `bank_account`, the account they are related to. Of several candidates the one that shares more
    words wins, then the nearer day; candidates that are alike to the eye are taken in order; the rest is ambiguous.
    """
    pairs = _candidates(ledger, bank)
    found = [pl.DataFrame(schema=LINKS)]
    while pairs.height:
        mutual = _mutual(pairs)
        if not mutual.height:
            mutual = _alike(pairs)
        if not mutual.height:
            break
        found.append(mutual.select("bank_id", "ledger_id", rule=pl.lit("same bank, amount and days")))
        pairs = pairs.join(mutual, on="bank_id", how="anti").join(mutual, on="ledger_id", how="anti")
    links = pl.concat(found)
    left = ledger.join(links, left_on="receipt_id", right_on="ledger_id", how="anti")
    right = bank.join(links, left_on="receipt_id", right_on="bank_id", how="anti")
    unsure = pairs.select("ledger_id", "bank_id")
    left = left.join(unsure, left_on="receipt_id", right_on="ledger_id", how="anti")
    right = right.join(unsure, left_on="receipt_id", right_on="bank_id", how="anti")
    many = _one_to_many(left, right)
    return pl.concat([links, many]), unsure


def come_again(ledger: pl.DataFrame, stored: pl.DataFrame) -> pl.DataFrame:
    """bank_id, ledger_id, rule: ledger receipts that stored bank lines already bear the word of.

    A stored line that was paired has the ledger's customer, account and accounting day: the ledger loaded again (or a
    corrected one) meets it by these and the amount, or by a sum where one line was several.
    """
    word = ["entity_id", "currency", "customer_id", "ledger_account", "posted_on"]
    keys = [*word, "amount"]
    nth = pl.int_range(pl.len()).over(keys)
    fresh = ledger.filter(pl.col("rank") > 0).sort("receipt_id")
    left = fresh.with_columns(_nth=nth)
    right = stored.sort("receipt_id").with_columns(_nth=nth)
    met = left.join(right, on=[*keys, "_nth"], suffix="_bank", nulls_equal=True)
    said = pl.lit("the ledger's receipt came again")
    links = [met.select(bank_id="receipt_id_bank", ledger_id="receipt_id", rule=said)]
    left = fresh.join(links[0], left_on="receipt_id", right_on="ledger_id", how="anti")
    right = stored.join(links[0], left_on="receipt_id", right_on="bank_id", how="anti")
    for one, many, names in ((left, right, ("ledger_id", "bank_id")), (right, left, ("bank_id", "ledger_id"))):
        sums = many.group_by(word).agg(amount=pl.col("amount").sum(), many=pl.col("receipt_id"), n=pl.len())
        sums = sums.filter(pl.col("n") > 1).join(one.select(*keys, one="receipt_id"), on=keys, nulls_equal=True)
        sums = sums.filter(~pl.struct(word).is_duplicated()).explode("many")
        pair = sums.rename({"one": names[0], "many": names[1]})
        links.append(pair.select("bank_id", "ledger_id", rule=said))
    return pl.concat(links)


def _candidates(ledger: pl.DataFrame, bank: pl.DataFrame) -> pl.DataFrame:
    """ledger_id, bank_id, score: equal amounts of related accounts within five working days."""
    keys = ["entity_id", "bank_account", "currency", "amount"]
    lines = ledger.select(
        *keys, "customer_id", "ledger_account", ledger_id="receipt_id",
        ledger_day=pl.coalesce("value_on", "booked_on"),
        said=words("remittance", "customer_name"),
    )  # fmt: skip
    entries = bank.select(
        "entity_id", "currency", "amount", bank_account="account", bank_id="receipt_id", bank_day="booked_on",
        told=words("remittance", "payer_name", "end_to_end_id"), text=pl.coalesce("remittance", pl.lit("")),
    )  # fmt: skip
    return _scored(_met(lines, entries, keys))


def _met(lines: pl.DataFrame, entries: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Lines and entries of equal keys and near days, by blocks of days."""
    columns = [*lines.columns, *(name for name in entries.columns if name not in keys)]
    block = pl.col("bank_day").dt.epoch("d") // _CALENDAR_DAYS_MAX
    around = pl.concat_list(pl.col("ledger_day").dt.epoch("d") // _CALENDAR_DAYS_MAX + shift for shift in (-1, 0, 1))
    blocked = [*keys, "_block"]
    left, right = lines.with_columns(_block=around).explode("_block"), entries.with_columns(_block=block)
    counts = left.group_by(blocked).agg(n=pl.len()).join(right.group_by(blocked).agg(m=pl.len()), on=blocked)
    few = pl.col("n") * pl.col("m") <= _BLOCK_MAX
    near = (pl.col("ledger_day") - pl.col("bank_day")).dt.total_days().abs() <= _CALENDAR_DAYS_MAX
    pairs = [
        left.join(counts.filter(few).select(blocked), on=blocked).join(right, on=blocked).filter(near).select(columns)
    ]
    crowded = counts.filter(~few).select(blocked)
    if crowded.height:
        # Very common amounts (a subscription): lines that share a rare word are compared, and those of one day.
        pairs.extend(frame.filter(near) for frame in _worded(left, right, crowded, blocked, columns))
        other = right.join(crowded, on=blocked, how="semi").with_columns(_day="bank_day")
        one_day = lines.join(other.select(keys).unique(), on=keys, how="semi").with_columns(_day="ledger_day")
        tight = [*keys, "_day"]
        sizes = one_day.group_by(tight).agg(n=pl.len()).join(other.group_by(tight).agg(m=pl.len()), on=tight)
        small = sizes.filter(pl.col("n") * pl.col("m") <= _DAY_MAX).select(tight)
        pairs.append(one_day.join(small, on=tight, how="semi").join(other, on=tight).select(columns))
        pairs.extend(_worded(one_day, other, sizes.filter(pl.col("n") * pl.col("m") > _DAY_MAX), tight, columns))
    return pl.concat(pairs).unique(["ledger_id", "bank_id"], keep="first", maintain_order=True)


def _worded(
    lines: pl.DataFrame, entries: pl.DataFrame, big: pl.DataFrame, keys: list[str], columns: list[str]
) -> list[pl.DataFrame]:
    """Equal amounts by the hundred: only a shared word that occurs once on both sides tells."""
    if not big.height:
        return []
    left = lines.join(big, on=keys, how="semi").explode("said").drop_nulls("said")
    right = entries.join(big, on=keys, how="semi").explode("told").drop_nulls("told")
    once_left = left.filter(~pl.struct(*keys, "said").is_duplicated())
    once_right = right.filter(~pl.struct(*keys, "told").is_duplicated())
    met = once_left.join(once_right, left_on=[*keys, "said"], right_on=[*keys, "told"], coalesce=False)
    met = met.with_columns(pl.concat_list("said").alias("said"), pl.concat_list("told").alias("told"))
    return [met.unique(["ledger_id", "bank_id"]).select(columns)]


def _scored(pairs: pl.DataFrame) -> pl.DataFrame:
    closed = france().closed_days()
    first, last = pl.min_horizontal("ledger_day", "bank_day"), pl.max_horizontal("ledger_day", "bank_day")
    apart = pl.business_day_count(first, last, holidays=closed).cast(pl.Int64)
    shared = pl.col("said").list.set_intersection("told").list.len().cast(pl.Int64).clip(0, 9)
    rated = pairs.with_columns(apart=apart).filter(pl.col("apart") <= WORKING_DAYS_MAX)
    gap = (pl.col("ledger_day") - pl.col("bank_day")).dt.total_days().abs()
    return rated.with_columns(score=shared.fill_null(0) * _WEIGHT - gap).select(
        "ledger_id", "bank_id", "score", "customer_id", "ledger_account", "bank_day", "ledger_day", "text"
    )


def _mutual(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs that are each other's one best."""
    best = (pl.col("score") == pl.col("score").max().over("ledger_id")) & (
        pl.col("score") == pl.col("score").max().over("bank_id")
    )
    top = pairs.filter(best)
    return top.filter(~pl.col("ledger_id").is_duplicated() & ~pl.col("bank_id").is_duplicated()).filter(
        _unrivalled(pairs, "ledger_id") & _unrivalled(pairs, "bank_id")
    )


def _unrivalled(pairs: pl.DataFrame, side: str) -> pl.Expr:
    """Whether no other candidate of this side is as good."""
    tops = pairs.filter(pl.col("score") == pl.col("score").max().over(side)).group_by(side).agg(n=pl.len())
    return pl.col(side).is_in(tops.filter(pl.col("n") == 1)[side].implode())


def _alike(pairs: pl.DataFrame) -> pl.DataFrame:
    """Best candidates between which nobody could choose: one customer's lines, or bank lines of one text and day."""
    top = pairs.filter(
        (pl.col("score") == pl.col("score").max().over("ledger_id"))
        & (pl.col("score") == pl.col("score").max().over("bank_id"))
    )
    one_customer = pl.col("customer_id").n_unique().over("bank_id") == 1
    one_text = pl.struct("text", "bank_day").n_unique().over("ledger_id") == 1
    free = top.filter(one_customer | one_text).sort("ledger_day", "bank_day", "ledger_id", "bank_id")
    # Greedy and disjoint: the first line of each ledger row, then the first of each bank row.
    ranked = free.with_columns(
        i=pl.col("ledger_id").rank("dense").over("customer_id", "score"),
        j=pl.col("bank_id").rank("dense").over("customer_id", "score"),
    )
    diagonal = ranked.filter(pl.col("i") == pl.col("j"))
    return diagonal.unique("ledger_id", keep="first", maintain_order=True).unique(
        "bank_id", keep="first", maintain_order=True
    )


def _one_to_many(ledger: pl.DataFrame, bank: pl.DataFrame) -> pl.DataFrame:
    """Remittances: ledger lines of one day that sum to one bank line, and bank lines that sum to one ledger line."""
    found = [pl.DataFrame(schema=LINKS)]
    told = ["entity_id", "currency", "amount", "kind", "remittance", "payer_name"]
    lines = ledger.select(*told, own="bank_account", id="receipt_id", day=pl.coalesce("value_on", "booked_on"))
    entries = bank.select(*told, own="account", id="receipt_id", day="booked_on")
    for extra in (["remittance"], ["payer_name"], ["kind"], []):
        for one, many, names in (
            (entries, lines, ("bank_id", "ledger_id")),
            (lines, entries, ("ledger_id", "bank_id")),
        ):
            met = _sums(one, many, extra).rename({"one": names[0], "many": names[1]})
            said = (
                "one bank line for several ledger lines"
                if names[0] == "bank_id"
                else "one ledger line for several bank lines"
            )
            found.append(met.select("bank_id", "ledger_id", rule=pl.lit(said)))
            lines = lines.filter(~pl.col("id").is_in(met["ledger_id"].implode()))
            entries = entries.filter(~pl.col("id").is_in(met["bank_id"].implode()))
    return pl.concat(found)


def _sums(one: pl.DataFrame, many: pl.DataFrame, extra: list[str]) -> pl.DataFrame:
    """one, many: a line and the lines of one day (and text, or kind) whose sum it alone is, within the window."""
    day = ["entity_id", "currency", "own", "day", *extra]
    sums = many.drop_nulls(extra).group_by(day).agg(amount=pl.col("amount").sum(), ids=pl.col("id"), n=pl.len())
    sums = sums.filter((pl.col("n") > 1) & (pl.col("amount") != 0)).with_row_index("group")
    met = sums.join(
        one.select("entity_id", "currency", "own", "amount", one="id", one_day="day"),
        on=["entity_id", "currency", "own", "amount"],
    )
    near = (pl.col("day") - pl.col("one_day")).dt.total_days().abs() <= _CALENDAR_DAYS_MAX
    met = met.filter(near)
    first, last = pl.min_horizontal("day", "one_day"), pl.max_horizontal("day", "one_day")
    apart = pl.business_day_count(first, last, holidays=france().closed_days())
    met = met.filter(apart <= WORKING_DAYS_MAX)
    met = met.filter(~pl.col("group").is_duplicated() & ~pl.col("one").is_duplicated())
    return met.select("one", many="ids").explode("many")
