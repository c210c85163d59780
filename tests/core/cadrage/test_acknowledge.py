"""The ERP's letters: the same as ours, another, more than there is; and a random clerk against a random ERP."""

from __future__ import annotations

from datetime import date
from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from encours.core.base.schema import TABLES
from encours.core.cadrage.acknowledge import Acknowledged, acknowledge

DAY = date(2026, 5, 4)
OWN = "encours:"


def rows(*lines: tuple[str, str | None, str, int, str, str]) -> pl.DataFrame:
    """(allocation_id, receipt_id, item_id, amount, kind, source)."""
    names = ["allocation_id", "receipt_id", "item_id", "amount", "kind", "source"]
    frame = pl.DataFrame(lines, schema=dict.fromkeys(names, pl.String) | {"amount": pl.Int64}, orient="row")
    return TABLES["allocations"].conform(frame.with_columns(allocated_on=pl.lit(DAY)))


def worth(key: str, **amounts: int) -> pl.DataFrame:
    """Items or receipts with their amounts."""
    return pl.DataFrame(list(amounts.items()), schema={key: pl.String, "amount": pl.Int64}, orient="row")


def decide(incoming: pl.DataFrame, standing: pl.DataFrame) -> Acknowledged:
    """Against items i 1000 and j 500, receipts r 1000 and s 500."""
    return acknowledge(
        incoming, standing, worth("item_id", i=1000, j=500), worth("receipt_id", r=1000, s=500), DAY, OWN
    )


def ids(frame: pl.DataFrame) -> list[str]:
    """Allocation ids, sorted."""
    return sorted(frame["allocation_id"].to_list())


def test_the_same_letter_is_an_acknowledgement_and_not_a_second_fact() -> None:
    ours = rows(("o", "r", "i", 1000, "cash", "encours:7"))
    result = decide(rows(("e", "r", "i", 1000, "cash", "fec")), ours)
    assert result.acknowledged.rows() == [("o", "e")]
    assert not result.kept.height
    assert not result.reversals.height
    assert not result.issues.height


def test_another_letter_wins_and_the_whole_decision_is_undone() -> None:
    ours = rows(("o1", "r", "i", 500, "cash", "encours:7"), ("o2", "r", "j", 500, "cash", "encours:7"))
    result = decide(rows(("e", "r", "i", 1000, "cash", "fec")), ours)
    assert ids(result.kept) == ["e"]
    assert ids(result.reversals) == ["o1", "o2"]
    assert result.issues["code"].unique().to_list() == ["erp_letter_wins"]


def test_a_decision_of_another_receipt_stands() -> None:
    ours = rows(("o", "s", "j", 500, "cash", "encours:7"))
    result = decide(rows(("e", "r", "i", 1000, "cash", "fec")), ours)
    assert ids(result.kept) == ["e"]
    assert not result.reversals.height


def test_an_inferred_settlement_gives_way_to_the_detail_and_keeps_the_rest() -> None:
    inferred = rows(("l", None, "i", 1000, "ledger", "snapshot:1"))
    result = decide(rows(("e", "r", "i", 700, "cash", "fec")), inferred)
    assert ids(result.kept) == ["e"]
    assert ids(result.reversals) == ["l"]
    assert result.restored["amount"].to_list() == [300]
    assert not result.issues.height


def test_a_letter_that_takes_too_much_is_refused_and_the_others_are_kept() -> None:
    ours = rows(("o", "s", "j", 500, "cash", "encours:7"))
    result = decide(rows(("e", "r", "i", 1001, "cash", "fec"), ("f", "s", "j", 400, "cash", "fec")), ours)
    assert result.issues.filter(pl.col("code") == "letter_over_allocates")["key"].to_list() == ["e"]
    assert ids(result.kept) == ["f"]
    assert ids(result.reversals) == ["o"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_nothing_is_settled_twice_and_no_line_is_lost(seed: int) -> None:
    """A clerk's valid allocations, then an ERP's valid ones, at random: together they stay valid."""
    random = Random(seed)
    items = {f"i{n}": random.choice([-1, 1, 1]) * random.randrange(1, 9) * 100 for n in range(5)}
    receipts = {f"r{n}": random.randrange(1, 9) * 100 for n in range(4)}

    def letters(prefix: str, source: str) -> list[tuple[str, str | None, str, int, str, str]]:
        left_item, left_receipt, lines = dict(items), dict(receipts), []
        for n in range(random.randrange(6)):
            item, receipt = random.choice(sorted(items)), random.choice([*sorted(receipts), None])
            if items[item] < 0:
                continue
            most = min(left_item[item], left_receipt[receipt] if receipt else left_item[item])
            amount = random.choice([most, most // 2])
            if amount <= 0:
                continue
            left_item[item] -= amount
            if receipt:
                left_receipt[receipt] -= amount
            kind = "cash" if receipt else "ledger"
            lines.append((f"{prefix}{n}", receipt, item, amount, kind, f"{source}{n // 2}"))
        return lines

    standing, incoming = rows(*letters("o", OWN)), rows(*letters("e", "fec"))
    result = acknowledge(incoming, standing, worth("item_id", **items), worth("receipt_id", **receipts), DAY, OWN)
    gone = result.reversals["allocation_id"].implode()
    after = pl.concat([standing.filter(~pl.col("allocation_id").is_in(gone)), result.kept, result.restored])
    assert after["allocation_id"].is_unique().all()
    for item, taken in after.group_by("item_id").agg(pl.col("amount").sum()).iter_rows():
        assert 0 <= taken <= items[item]
    for receipt, used in after.drop_nulls("receipt_id").group_by("receipt_id").agg(pl.col("amount").sum()).iter_rows():
        assert 0 <= used <= receipts[receipt]
    seen = sorted([*ids(result.kept), *result.acknowledged["by_id"].to_list()])
    assert seen == ids(incoming)  # the ERP's own letters are valid: none is refused
