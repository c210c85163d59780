"""The worklist on companies whose reaction to actions core does not know: euro-days that two hours a day bring forward.

The same candidates, actions, minutes and pauses for everybody: who is late by three days and was not asked for a week.
Oldest first and largest first take them from the top until two hours are full; Encours takes its own list, from the
book as it stood the evening before. What counts is what really happened: the same company, day by day, against
itself without any action, each invoice's amount times the days by which it was paid earlier. A few large
invoices decide what a month brings, so that each company's month is lived in several futures, where chance falls
otherwise.
Choices in core were made on seeds below 100 of this file's laws; those judged are drawn from 1000 on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.dunning.hidden import CUSTOMERS, NEVER, START, Floats, World, book_of, company, touched
from benchmarks.harness import Figure, arguments, report
from encours.core.base.book import Book
from encours.core.behaviour import Model, know_payers, learn, model_of, study
from encours.core.behaviour.predict import predict_studied
from encours.core.dunning.effects import Effects, prior_effects, updated
from encours.core.dunning.touched import evidence
from encours.core.dunning.worklist import Team, worklist
from encours.core.dunning.worth import Beside, contacts, worth

LAWS = ("runs", "patience")
SEEDS = tuple(range(1000, 1004))
#: Futures of each company in which its month is lived.
FUTURES = 3
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


def _filled(rows: pl.DataFrame, left: int) -> list[int]:
    """The rows from the top on that so many minutes hold."""
    taken = []
    for who, minutes in rows.select("who", "minutes").iter_rows():
        if minutes <= left:
            taken.append(who)
            left -= minutes
    return taken


def oldest_first(world: World, rows: pl.DataFrame, day: int) -> list[int]:
    """By the oldest invoice."""
    return _filled(rows.sort("oldest", "who"), minutes_of(world))


def largest_first(world: World, rows: pl.DataFrame, day: int) -> list[int]:
    """By what is late."""
    return _filled(rows.sort(pl.col("amount"), "who", descending=[True, False]), minutes_of(world))


def by_chance(world: World, rows: pl.DataFrame, day: int) -> list[int]:
    """What the company did before: some of them."""
    order = np.random.default_rng([world.seed, day]).permutation(rows.height)
    return _filled(rows[order], minutes_of(world))


def minutes_of(world: World) -> int:
    """Two hours for CUSTOMERS, less for fewer."""
    return MINUTES * len(world.kind) // CUSTOMERS


@dataclass(frozen=True, eq=False)
class Foreseen:
    """What is known of payers and of open items on the evening before the month that is judged."""

    profiles: pl.DataFrame
    spread: pl.DataFrame


def foreseen(past: World, learnt: Model | None = None) -> Foreseen:
    """Profiles and distributions of the evening before day PAST: all that the month can ask for is known then."""
    day = PAST - 1
    book = book_of(past, day)
    of = study(book, START + timedelta(days=day))
    found = predict_studied(book, of, learnt or learn(of))
    figures = know_payers(book, of, found).profiles
    profiles = figures.select(customer_id="payer_id", profile="profile", paid_year="paid_year")
    return Foreseen(profiles, found.distribution())


class Ours:
    """Encours: effects learnt anew each week, the list of each day from the book of the evening before.

    `effects`: how they are learnt.
    """

    def __init__(
        self,
        known: Foreseen,
        effects: Callable[[Book, pl.DataFrame, int], Effects] | None = None,
    ) -> None:
        self._known, self._learn = known, effects or _learnt
        self._week, self._effects = -1, prior_effects()

    def __call__(self, world: World, rows: pl.DataFrame, day: int) -> list[int]:
        """The customers to ask today."""
        as_of = START + timedelta(days=day - 1)
        if day // 7 != self._week:
            self._week = day // 7
            self._effects = self._learn(book_of(world, day - 1), self._known.profiles, day - 1)
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
        recent = contacts(touched(world, day - 40, day - 1), as_of)
        found = worth(actions, lines, self._effects, as_of, Beside(self._known.spread, self._known.profiles, recent))
        listed = worklist(actions, found, team=Team(others=minutes_of(world)))
        # The minutes are worked whatever the list thinks of its last rows: taken from its top like the others'.
        ranked = listed.join(actions.select("action_id", who=rows["who"]), on="action_id", maintain_order="left")
        return _filled(ranked, minutes_of(world))


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


def past_of(law: str, seed: int, customers: int = CUSTOMERS) -> World:
    """A company that worked by chance until day PAST."""
    return lived(company(law, seed, PAST + JUDGED, customers), by_chance, 0, PAST, PAST)


def gains(past: World, ways: Mapping[str, Callable[[], Choice]], futures: int = FUTURES) -> dict[str, Floats]:
    """Euro-days that each way of working brings forward in a month, by customer, the mean over so many futures.

    What is paid beyond the last day counts there.
    """
    end, found = PAST + JUDGED + AFTER, {name: np.zeros(len(past.kind)) for name in ways}
    for future in range(futures):
        start = past.branch(future)
        alone = lived(start.branch(), None, PAST, PAST, end)
        for name, choose in ways.items():
            world = lived(start.branch(), choose(), PAST, PAST + JUDGED, end)
            days = np.minimum(alone.paid, end) - np.minimum(world.paid, end)
            found[name] += np.bincount(world.customer, weights=days * world.amount / 100, minlength=len(past.kind))
    return {name: total / futures for name, total in found.items()}


def more(ours: Floats, theirs: Floats) -> tuple[float, float, float]:
    """By how many per cent ours is more, with a 95 % interval from drawing customers anew (a row a company)."""
    draw, count = np.random.default_rng(0), ours.shape[1]
    often = np.stack([draw.multinomial(count, np.full(count, 1 / count), 2000) for _ in range(len(ours))])
    top = np.einsum("sdc,sc->d", often, ours)
    low = np.maximum(np.einsum("sdc,sc->d", often, theirs), 1.0)
    drawn = 100 * (top / low - 1)
    return float(100 * (ours.sum() / theirs.sum() - 1)), *(float(x) for x in np.quantile(drawn, [0.025, 0.975]))


def _model(past: World, folder: Path | None) -> Model | None:
    """The model that was learnt of this company before, or one learnt now and kept; None: learnt where it is asked."""
    if folder is None:
        return None
    kept = folder / f"{past.law}_{past.seed}.json"
    if not kept.exists():
        of = study(book_of(past, PAST - 1), START + timedelta(days=PAST - 1))
        kept.write_text(learn(of).as_text(), encoding="utf-8")
    return model_of(kept.read_text(encoding="utf-8"))


def _judged(law: str, seed: int, models: Path | None, priors: bool) -> dict[str, Floats]:
    past = past_of(law, seed)
    known = foreseen(past, _model(past, models))
    ways: dict[str, Callable[[], Choice]] = {
        "oldest": lambda: oldest_first, "largest": lambda: largest_first, "ours": lambda: Ours(known),
    }  # fmt: skip
    if priors:
        ways["priors"] = lambda: Ours(known, priors_alone)
    return gains(past, ways)


def _figures(law: str, by_way: Mapping[str, Floats], seeds: tuple[int, ...]) -> list[Figure]:
    """What a law's companies came to: all of them against the bars, then each of them."""
    lines = []
    for name, bar in (("oldest", 25), ("largest", 10)):
        found, low, high = more(by_way["ours"], by_way[name])
        lines.append(Figure(f"{law}: more euro-days than {name} first", found, "%", at_least=bar))
        lines.append(Figure(f"{law}: its interval", f"{low:.0f} to {high:.0f}", "%"))
    for place, seed in enumerate(seeds):
        one = {name: part[place : place + 1] for name, part in by_way.items()}
        oldest, largest = (round(more(one["ours"], one[name])[0]) for name in ("oldest", "largest"))
        lines.append(Figure(f"{law} {seed}: more than oldest, largest first", f"{oldest}, {largest}", "%"))
    if "priors" in by_way:
        found, low, high = more(by_way["priors"], by_way["largest"])
        said = f"{found:.0f}: {low:.0f} to {high:.0f}"
        lines.append(Figure(f"{law}: priors alone, more than largest first", said, "%"))
    lines.append(Figure(f"{law}: euro-days a company brings forward", float(by_way["ours"].sum() / len(seeds))))
    return lines


def main(argv: list[str] | None = None) -> int:
    """Judges both laws on the judged seeds; with --seeds on others, to look and choose."""
    options: dict[str, dict[str, Any]] = {
        "--seeds": {"help": "first and last seed, for example 10-12 (choices are made below 100)"},
        "--law": {"choices": LAWS, "help": "one law alone"},
        "--models": {"type": Path, "help": "a folder that keeps the learnt predictions: they are the same every time"},
        "--priors": {"action": "store_true", "help": "beside it a list by the priors alone"},
    }
    call = arguments("The worklist against oldest first and largest first, under hidden laws", argv, options=options)
    span = call.extra["seeds"]
    seeds = SEEDS if span is None else tuple(range(int(span.split("-")[0]), int(span.split("-")[1]) + 1))
    seeds = seeds[: call.scaled(len(seeds))]
    lines: list[Figure] = []
    details: dict[str, object] = {"seeds": list(seeds), "futures": FUTURES}
    for law in [call.extra["law"]] if call.extra["law"] else LAWS:
        found = []
        for seed in seeds:
            found.append(_judged(law, seed, call.extra["models"], call.extra["priors"]))
            told = {name: round(float(part.sum())) for name, part in found[-1].items()}
            print(law, seed, told, flush=True)
            details[f"{law} {seed}"] = told
        lines += _figures(law, {name: np.stack([one[name] for one in found]) for name in found[0]}, seeds)
    return report(call, lines, details)


if __name__ == "__main__":
    sys.exit(main())
