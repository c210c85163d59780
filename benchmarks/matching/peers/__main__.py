"""Peers and Encours on one case, by the same strict scorer.

`--install` makes each product's own environment from the default package index; a product that cannot be installed
here is shown as not installed. `--data FOLDER` keeps the case, the exchange and every product's answers.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.harness import Call, Figure, arguments, report
from benchmarks.matching.generate import MODES, Case, generate
from benchmarks.matching.peers.catalogue import Peer, ask, peers
from benchmarks.matching.peers.exchange import read_answers, write_exchange
from benchmarks.matching.profile import PROFILES, Profile
from benchmarks.matching.score import Score, score
from benchmarks.matching.show import show_table
from encours.usecases.match_receipts import match_receipts

_RECEIPTS = 1_000
_OPTIONS: dict[str, dict[str, Any]] = {
    "--profile": {"choices": sorted(PROFILES), "default": "standard"},
    "--mode": {"choices": MODES, "default": "stock"},
    "--receipts": {"type": int, "default": _RECEIPTS},
    "--open-items": {"type": int, "default": 0, "help": "open items in a stock; default as the profile says"},
    "--seed": {"type": int, "default": 1},
    "--install": {"action": "store_true", "help": "install the products first, each into .venv-peers/NAME"},
    "--only": {"nargs": "*", "default": None, "help": "names of the products to ask"},
    "--seconds": {"type": float, "default": 1_800, "help": "patience with each product"},
    "--data": {"type": Path, "default": None, "help": "keep the case and all answers in this folder"},
}


@dataclass(frozen=True)
class Answer:
    """What a product made of the case, or why nothing: `seconds` are its own, without the start of an interpreter."""

    name: str
    variant: str
    score: Score | None
    seconds: float | None
    why: str = ""


def main(argv: list[str] | None = None) -> int:
    """Prints a row a product and variant."""
    call = arguments("Peers and Encours on one case", argv, options=_OPTIONS)
    with tempfile.TemporaryDirectory() as scratch:
        folder = call.extra["data"] or Path(scratch)
        case = _case(call)
        case.write(folder)
        write_exchange(case.book, folder / "exchange")
        answers = [*_encours(case), *_others(call, case, folder)]
    show_table(
        ("product", "asked with", "proposals", "precision", "recall", "automatic", "auto prec.", "time"), _rows(answers)
    )
    return report(call, list(_figures(case, answers)), {"peers": [_said(answer) for answer in answers]})


def _case(call: Call) -> Case:
    chosen = call.extra
    receipts = max(100, call.scaled(chosen["receipts"]))
    profile = PROFILES[chosen["profile"]]
    if chosen["open_items"]:
        profile = _crowded(profile, max(1.0, chosen["open_items"] * call.scale / receipts))
    return generate(profile, receipts, chosen["mode"], chosen["seed"])


def _crowded(profile: Profile, items_per_receipt: float) -> Profile:
    """As many customers as their open items need: the more of both, the more amounts and names are alike."""
    stream = profile.items_per_receipt[1]
    return replace(profile, items_per_receipt=(items_per_receipt, stream), receipts_per_customer=2)


def _encours(case: Case) -> Iterator[Answer]:
    match_receipts(generate(PROFILES["easy"], 100).book)  # compiles, or loads what is compiled
    started = time.perf_counter()
    found = match_receipts(case.book)
    seconds = time.perf_counter() - started
    judged = score(found.allocations, found.decisions, case.truth, case.receipts)
    yield Answer("encours", "untrained, every proposal", judged, seconds)
    surest = found.decisions.filter(decision="auto")
    kept = found.allocations.join(surest, on="receipt_id", how="semi")
    yield Answer("encours", "what it posts", score(kept, surest, case.truth, case.receipts), seconds)


def _others(call: Call, case: Case, folder: Path) -> Iterator[Answer]:
    wanted = call.extra["only"]
    for peer in peers():
        if wanted is not None and peer.name not in wanted:
            continue
        why = peer.install() if call.extra["install"] else None
        if why is None and not peer.installed:
            why = "call with --install"
        for variant, meaning in peer.variants.items():
            if why is not None:
                yield Answer(peer.title, meaning, None, None, f"not installed: {why}")
            else:
                yield _asked(peer, variant, case, folder, call.extra["seconds"])


def _asked(peer: Peer, variant: str, case: Case, folder: Path, patience: float) -> Answer:
    answers = folder / "answers" / f"{peer.name}-{variant}"
    fault = ask(peer, variant, folder / "exchange", answers, patience)
    title = f"{peer.title} {peer.requires[0].partition('==')[2]}"
    if fault is not None:
        return Answer(title, peer.variants[variant], None, None, f"no answer: {fault}")
    allocations, decisions = read_answers(answers / "proposals.csv")
    seconds = json.loads((answers / "timing.json").read_text(encoding="utf-8"))["seconds"]
    return Answer(
        title, peer.variants[variant], score(allocations, decisions, case.truth, case.receipts), float(seconds)
    )


def _rows(answers: list[Answer]) -> Iterator[tuple[str, ...]]:
    for one in answers:
        if one.score is None or one.seconds is None:
            yield (one.name, one.variant, one.why, "", "", "", "", "")
            continue
        proposed = one.score.rates.filter(group="all")["proposed"].item()
        rates = (one.score.rate(name) for name in ("precision", "recall", "automatic_rate", "automatic_precision"))
        shares = ("–" if rate is None else f"{rate:.3f}" for rate in rates)
        yield (one.name, one.variant, f"{proposed:,}", *shares, f"{one.seconds:,.2f} s")


def _said(answer: Answer) -> dict[str, Any]:
    found = answer.score
    rates = {} if found is None else found.rates.filter(group="all").row(0, named=True)
    return {
        "product": answer.name,
        "asked with": answer.variant,
        "seconds": answer.seconds,
        "why not": answer.why,
        **rates,
    }


def _figures(case: Case, answers: list[Answer]) -> Iterator[Figure]:
    yield Figure("receipts", case.receipts.height)
    yield Figure("open items", case.book.items.height)
    yield Figure("matchable receipts", int(case.receipts["matchable"].sum()))
    answered = [one for one in answers if one.score is not None and not one.name.startswith("encours")]
    yield Figure("answers of other products", len(answered))
    best = max((one.score.rate("recall") or 0.0 for one in answered if one.score), default=None)
    own = answers[0].score
    yield Figure("recall of Encours", round((own.rate("recall") or 0.0) if own else 0.0, 4))
    if best is not None:
        yield Figure("best recall of another product", round(best, 4))


if __name__ == "__main__":
    pl.Config.set_fmt_str_lengths(60)
    raise SystemExit(main())
