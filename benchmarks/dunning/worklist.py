"""The worklist on companies whose reaction to actions core does not know: euro-days that two hours a day bring forward.

The same candidates, actions, minutes and pauses for everybody: who is late by three days and was not asked for a week.
Oldest first and largest first take them from the top until two hours are full; Encours takes its own list, from the
book as it stood the evening before. What counts is what really happened: the same company, day by day, against
itself without any action, each invoice's amount times the days by which it was paid earlier. Choices in core were made
on seeds below 100 of this file's laws; those judged are drawn from 1000 on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import numpy as np
import polars as pl

from benchmarks.dunning.hidden import CUSTOMERS, NEVER, START, Floats, World, book_of, company, touched
from benchmarks.harness import Figure, arguments, report
from encours.core.base.book import Book
from encours.core.behaviour import Model, know_payers, learn, study
from encours.core.behaviour.predict import predict_studied
from encours.core.dunning.effects import Effects, prior_effects, updated
from encours.core.dunning.touched import evidence
from encours.core.dunning.worklist import Team, worklist
from encours.core.dunning.worth import Beside, contacts, worth

LAWS = ("runs", "patience")
SEEDS = tuple(range(1000, 1003))
MINUTES = 120
#: Days of the past, days that are judged, days in which what was done may still show.
PAST, JUDGED, AFTER = 300, 28, 60
_PAUSE, _LATE = 7, 3
#: What is done the n-th time that a customer is asked for what is late: channel, level, minutes.
_LADDER = (("email", 1, 3), ("call", 2, 10), ("call", 2, 10), ("letter", 3, 6), ("call", 3, 10))
Choice = Callable[[World, pl.DataFrame, int], list[int]]


def candidates(world: World, day: int) -> pl.DataFrame:
    """Who may be asked today, and how: a row a customer."""
    late = world.open_late(day, _LATE)
    owed = pl.DataFrame(
        {"who": world.customer[late], "amount": world.amount[late], "due": world.due[late], "item": late}
    )
    rows = (
        owed.group_by("who").agg(pl.col("amount").sum(), oldest=pl.col("due").min(), items=pl.col("item")).sort("who")
    )
    free = [world.asked.get(who, [(-NEVER, "")])[-1][0] <= day - _PAUSE for who in rows["who"]]
    rows = rows.filter(pl.Series(free, dtype=pl.Boolean))
    asked = [world.asked.get(who, []) for who in rows["who"]]
    times = [sum(at >= oldest for at, _ in one) for one, oldest in zip(asked, rows["oldest"], strict=True)]
    step = [_LADDER[min(count, len(_LADDER) - 1)] for count in times]
    return rows.with_columns(
        channel=pl.Series([one[0] for one in step], dtype=pl.String),
        level=pl.Series([one[1] for one in step], dtype=pl.Int64),
        minutes=pl.Series([one[2] for one in step], dtype=pl.Int64),
    )


def _filled(rows: pl.DataFrame) -> list[int]:
    """The rows from the top on that two hours hold."""
    left, taken = MINUTES, []
    for who, minutes in rows.select("who", "minutes").iter_rows():
        if minutes <= left:
            taken.append(who)
            left -= minutes
    return taken


def oldest_first(world: World, rows: pl.DataFrame, day: int) -> list[int]:
    """By the oldest invoice."""
    return _filled(rows.sort("oldest", "who"))


def largest_first(world: World, rows: pl.DataFrame, day: int) -> list[int]:
    """By what is late."""
    return _filled(rows.sort(pl.col("amount"), "who", descending=[True, False]))


def by_chance(world: World, rows: pl.DataFrame, day: int) -> list[int]:
    """What the company did before: some of them."""
    order = np.random.default_rng([world.seed, day]).permutation(rows.height)
    return _filled(rows[order])


class Ours:
    """Encours: predictions and effects learnt on Sundays, the list of each day from the book of the evening before."""

    _models: ClassVar[dict[str, Model]] = {}

    def __init__(self, effects: Callable[[Book, pl.DataFrame, int], Effects] | None = None) -> None:
        self._learn = effects or _learnt
        self._week = -1
        self._told: tuple[Effects, pl.DataFrame, pl.DataFrame] | None = None

    def __call__(self, world: World, rows: pl.DataFrame, day: int) -> list[int]:
        """The customers to ask today."""
        as_of = START + timedelta(days=day - 1)
        if day // 7 != self._week or self._told is None:
            self._week = day // 7
            self._told = self._studied(book_of(world, day - 1), day - 1, f"{world.law} {world.seed}")
        effects, profiles, spread = self._told
        actions = rows.select(
            action_id=pl.format("C{}", pl.col("who").cast(pl.String).str.zfill(4)), entity_id=pl.lit("E"),
            customer_id=pl.format("C{}", pl.col("who").cast(pl.String).str.zfill(4)), currency=pl.lit("EUR"),
            channel="channel", level="level", minutes="minutes", mode=pl.lit("task"), amount="amount",
            overdue_days=pl.lit(day) - pl.col("oldest"),
        )  # fmt: skip
        lines = rows.select("who", "items").explode("items", empty_as_null=True).select(
            action_id=pl.format("C{}", pl.col("who").cast(pl.String).str.zfill(4)),
            item_id=pl.format("I{}", pl.col("items").cast(pl.String).str.zfill(6)),
            amount=pl.Series(world.amount).gather(rows["items"].explode(empty_as_null=True)), held=pl.lit(0),
        )  # fmt: skip
        beside = Beside(spread, profiles, contacts(touched(world, day - 40, day - 1), as_of))
        found = worth(actions, lines, effects, as_of, beside)
        listed = worklist(actions, found, team=Team(others=MINUTES))
        # Two hours are worked whatever the list thinks of its last rows: they are taken from its top like the others'.
        ranked = listed.join(actions.select("action_id", who=rows["who"]), on="action_id", maintain_order="left")
        return _filled(ranked)

    def _studied(self, book: Book, day: int, name: str) -> tuple[Effects, pl.DataFrame, pl.DataFrame]:
        of = study(book, START + timedelta(days=day))
        if name not in self._models:  # the past is the same whatever is done after it
            self._models.clear()
            self._models[name] = learn(of)
        found = predict_studied(book, of, self._models[name])
        figures = know_payers(book, of, found).profiles
        profiles = figures.select(customer_id="payer_id", profile="profile", paid_year="paid_year")
        return self._learn(book, profiles, day), profiles, found.distribution()


def _learnt(book: Book, profiles: pl.DataFrame, day: int) -> Effects:
    as_of = START + timedelta(days=day)
    return updated(evidence(book.as_of(as_of), as_of, profiles))


def priors_alone(book: Book, profiles: pl.DataFrame, day: int) -> Effects:
    """What stands on the first day, of a book that knows of no message."""
    return prior_effects()


def lived(world: World, choose: Choice | None, first: int, last: int, until: int) -> World:
    """The company from day `first` on: worked until `last`, left alone until `until`."""
    for day in range(first, until):
        if choose is not None and day < last and (START + timedelta(days=day)).weekday() < 5:
            rows = candidates(world, day)
            for who in choose(world, rows, day):
                step = rows.filter(pl.col("who") == who).row(0, named=True)
                world.contact(who, step["channel"], step["level"], day)
        world.pass_day(day)
    return world


def gains(law: str, seed: int, ways: dict[str, Choice]) -> dict[str, Floats]:
    """Euro-days that each way of working brings forward, by customer: what is paid beyond the last day counts there."""
    end = PAST + JUDGED + AFTER
    past = lived(company(law, seed, PAST + JUDGED), by_chance, 0, PAST, PAST)
    alone = lived(past.branch(), None, PAST, PAST, end)
    found = {}
    for name, choose in ways.items():
        world = lived(past.branch(), choose, PAST, PAST + JUDGED, end)
        days = np.minimum(alone.paid, end) - np.minimum(world.paid, end)
        found[name] = np.bincount(world.customer, weights=days * world.amount / 100, minlength=CUSTOMERS)
    return found


def _ratio(ours: Floats, theirs: Floats) -> tuple[float, float, float]:
    """By how many per cent ours is more, with a 95 % interval from drawing customers anew (a row a company)."""
    draw = np.random.default_rng(0)
    often = np.stack([draw.multinomial(CUSTOMERS, np.full(CUSTOMERS, 1 / CUSTOMERS), 2000) for _ in range(len(ours))])
    top = np.einsum("sdc,sc->d", often, ours)
    low = np.einsum("sdc,sc->d", often, theirs)
    more = 100 * (top / low - 1)
    return float(100 * (ours.sum() / theirs.sum() - 1)), *(float(x) for x in np.quantile(more, [0.025, 0.975]))


def main(argv: list[str] | None = None) -> int:
    """Judges both laws on the judged seeds; with --seeds on others, to look and choose."""
    options: dict[str, dict[str, Any]] = {
        "--seeds": {"help": "first and last seed, for example 10-12 (choices are made below 100)"},
        "--law": {"choices": LAWS, "help": "one law alone"},
        "--priors": {"action": "store_true", "help": "beside it a list by the priors alone"},
    }
    call = arguments("The worklist against oldest first and largest first, under hidden laws", argv, options=options)
    span = call.extra["seeds"]
    seeds = SEEDS if span is None else tuple(range(int(span.split("-")[0]), int(span.split("-")[1]) + 1))
    seeds = seeds[: call.scaled(len(seeds))]
    lines: list[Figure] = []
    details: dict[str, object] = {"seeds": list(seeds)}
    for law in [call.extra["law"]] if call.extra["law"] else LAWS:
        found = []
        for seed in seeds:
            ways: dict[str, Choice] = {"oldest": oldest_first, "largest": largest_first, "ours": Ours()}
            ways |= {"priors": Ours(priors_alone)} if call.extra["priors"] else {}
            found.append(gains(law, seed, ways))
            told = {name: round(float(part.sum())) for name, part in found[-1].items()}
            print(law, seed, told, flush=True)
            details[f"{law} {seed}"] = told
        by_way = {name: np.stack([one[name] for one in found]) for name in found[0]}
        for name, bar in (("oldest", 25), ("largest", 10)):
            more, low, high = _ratio(by_way["ours"], by_way[name])
            lines.append(Figure(f"{law}: more euro-days than {name} first", more, "%", at_least=bar))
            lines.append(Figure(f"{law}: its interval", f"{low:.0f} to {high:.0f}", "%"))
        if "priors" in by_way:
            more, low, high = _ratio(by_way["priors"], by_way["largest"])
            lines.append(
                Figure(f"{law}: priors alone, more than largest first", f"{more:.0f}: {low:.0f} to {high:.0f}", "%")
            )
        lines.append(Figure(f"{law}: euro-days a company brings forward", float(by_way["ours"].sum() / len(seeds))))
    return report(call, lines, details)


if __name__ == "__main__":
    sys.exit(main())
