"""Other products on the same case: the folder they read, the answers they give, what is said where there are none."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import polars as pl
import pytest

from benchmarks.matching.generate import generate
from benchmarks.matching.peers import catalogue
from benchmarks.matching.peers.catalogue import Peer, ask, peers
from benchmarks.matching.peers.exchange import first_number, read_answers, shapes_of, write_exchange
from benchmarks.matching.profile import STANDARD
from benchmarks.matching.score import score

_FIRST_FIT = """
import csv, json, sys
exchange, variant, answers = sys.argv[1:]
items = {row["number"]: row for row in csv.DictReader(open(exchange + "/items.csv", encoding="utf-8"))}
with open(answers + "/proposals.csv", "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(("receipt_id", "item_id", "amount", "decision", "confidence"))
    for row in csv.DictReader(open(exchange + "/receipts.csv", encoding="utf-8")):
        item = items.get(row["first_number"])
        if item and item["amount"] == row["amount"]:
            out.writerow((row["receipt_id"], item["item_id"], item["amount"], "auto", "0.9"))
json.dump({"seconds": 0.5}, open(answers + "/timing.json", "w"))
"""


def _peer(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Peer:
    path = tmp_path / "stand_in.py"
    path.write_text(script, encoding="utf-8")
    monkeypatch.setattr(Peer, "python", property(lambda self: Path(sys.executable)))
    return Peer("stand_in", "stand-in", ("polars==" + pl.__version__,), {"plain": "as it is"}, path)


def test_a_product_that_reads_the_folder_is_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = generate(STANDARD, 200)
    write_exchange(case.book, tmp_path / "exchange")
    peer = _peer(tmp_path, _FIRST_FIT, monkeypatch)
    assert peer.installed
    assert ask(peer, "plain", tmp_path / "exchange", tmp_path / "answers", 60) is None
    allocations, decisions = read_answers(tmp_path / "answers" / "proposals.csv")
    found = score(allocations, decisions, case.truth, case.receipts)
    assert (found.rate("precision") or 0) > 0.9
    assert (found.rate("recall") or 0) > 0.1


def test_the_folder_holds_every_amount_and_nothing_of_the_truth(tmp_path: Path) -> None:
    case = generate(STANDARD, 100)
    write_exchange(case.book, tmp_path)
    with (tmp_path / "items.csv").open(encoding="utf-8", newline="") as file:
        items = {row["item_id"]: row for row in csv.DictReader(file)}
    cents = {key: round(float(row["amount"]) * 100) for key, row in items.items()}
    assert cents == dict(case.book.items.select("item_id", "amount").iter_rows())
    assert any(row["amount"].startswith("-") for row in items.values())
    receipts = pl.read_csv(tmp_path / "receipts.csv", infer_schema=False)
    assert receipts.height == case.receipts.height
    assert not {"pattern", "noise", "stratum"} & set(receipts.columns)


@pytest.mark.parametrize(
    ("text", "number"),
    [("VIR FA-2025-048029 MERCI", "FA-2025-048029"), ("REGLT F25020021", "F25020021"), ("VIR 12/03 MERCI", None)],
)
def test_the_first_number(text: str, number: str | None) -> None:
    assert first_number(text, shapes_of(["FA-2024-000001", "F24000001"])) == number


def test_several_items_and_one_that_is_not_sure_are_one_proposal(tmp_path: Path) -> None:
    path = tmp_path / "proposals.csv"
    path.write_text(
        "receipt_id,item_id,amount,decision,confidence\nr,a,10.00,auto,0.9\nr,b,-2.5,,0.4\ns,c,1.00,auto,\n", "utf-8"
    )
    allocations, decisions = read_answers(path)
    assert sorted(allocations.rows()) == [("r", "a", 1000), ("r", "b", -250), ("s", "c", 100)]
    assert sorted(decisions.rows()) == [("r", "review", 0.4), ("s", "auto", None)]


def test_a_product_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = _peer(tmp_path, "raise SystemExit('the moon is in the way')", monkeypatch)
    assert ask(peer, "plain", tmp_path, tmp_path / "answers", 60) == "the moon is in the way"
    slow = _peer(tmp_path, "import time; time.sleep(60)", monkeypatch)
    assert "longer than" in (ask(slow, "plain", tmp_path, tmp_path / "answers", 0.5) or "")


def test_every_runner_says_what_it_is_and_pins_what_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "HOME", tmp_path)
    for peer in peers():
        assert peer.title, peer.name
        assert peer.variants, peer.name
        assert all("==" in package for package in peer.requires), peer.name
        assert not peer.installed, peer.name
