"""Letters taken away and found again: what counts as a group, as found, as wrong."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.matching import fec_letters
from encours.core.matching import Proposals
from encours.core.matching.propose import DECISION_SCHEMA

_FEC = (
    "JournalCode|JournalLib|EcritureNum|EcritureDate|CompteNum|CompteLib|CompAuxNum|CompAuxLib|PieceRef|PieceDate|"
    "EcritureLib|Debit|Credit|EcritureLet|DateLet|ValidDate|Montantdevise|Idevise\n"
)


def _entry(journal: str, number: int, day: str, account: str, sums: tuple[str, str], letter: str, label: str) -> str:
    other = "707000" if journal == "VE" else "512000"
    dated = day if letter else ""
    third = (
        f"{journal}|{journal}|{number}|{day}|{account}|Clients|C1|DUPONT|P{number}|{day}|{label}|{sums[0]}|{sums[1]}"
    )
    own = f"{journal}|{journal}|{number}|{day}|{other}|X|||P{number}|{day}|{label}|{sums[1]}|{sums[0]}"
    return f"{third}|{letter}|{dated}|{day}||\n{own}|||{day}||\n"


def _ledger(folder: Path) -> Path:
    path = folder / "123456789FEC20241231.txt"
    rows = [
        _entry("VE", 1, "20240105", "411000", ("100,00", "0,00"), "AA", "FACTURE FA-1001"),
        _entry("VE", 2, "20240106", "411000", ("70,00", "0,00"), "", "FACTURE FA-1002"),
        _entry("BQ", 3, "20240205", "411000", ("0,00", "100,00"), "AA", "VIR DUPONT FA-1001"),
    ]
    path.write_text(_FEC + "".join(rows), encoding="utf-8")
    return path


def test_letters_are_blanked_and_nothing_else(tmp_path: Path) -> None:
    path = _ledger(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    copy = fec_letters.without_letters(path, out)
    before, after = path.read_text().splitlines(), copy.read_text().splitlines()
    assert (copy.name, len(after), after[0]) == (path.name, len(before), before[0])
    assert "|AA|" not in copy.read_text()
    assert [row.split("|")[:13] for row in after] == [row.split("|")[:13] for row in before]


def test_a_ledger_s_group_is_found_again(tmp_path: Path) -> None:
    verdict = fec_letters.judge_ledger(_ledger(tmp_path))
    assert (verdict.groups, verdict.found, verdict.wrong, verdict.missed) == (1, 1, 0, ())


def test_what_letters_tie_is_one_group() -> None:
    rows = pl.DataFrame(
        {"item_id": ["i", "j", "k"], "credit_item_id": [None, "n", None], "receipt_id": ["r", "r", "s"]}
    )
    assert fec_letters.groups_of(rows) == {frozenset("ijnr"), frozenset("ks")}


def test_an_automatic_match_against_its_letter_is_wrong() -> None:
    rows = {"r": ["i"], "s": ["k"], "t": ["i"], "u": ["z"]}
    decided = [{"receipt_id": name, "decision": "auto"} for name in rows]
    decisions = pl.DataFrame([{column: row.get(column) for column in DECISION_SCHEMA} for row in decided],
                             schema=DECISION_SCHEMA)  # fmt: skip
    lines = pl.DataFrame([(name, item) for name, items in rows.items() for item in items],
                         schema=["receipt_id", "item_id"], orient="row")  # fmt: skip
    true = [frozenset({"r", "i"}), frozenset({"s", "j"})]
    # r says what its letter says, s another item, t one that is lettered with r, of u the ledger says nothing.
    assert fec_letters._automatic(Proposals(lines, decisions, {}), true) == (4, 2, 1)


def test_without_the_samples_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENCOURS_SHARED", str(tmp_path))
    assert fec_letters.main([]) == 0
    assert "set ENCOURS_SHARED" in capsys.readouterr().out
