"""What engines say in English has its French: every sentence of the source, and those that golden files bring up."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from django.utils import translation

from encours.connectors.sheet.kind import kinds
from encours.core.matching import explain, return_reasons, returns
from encours.core.matching.families import families
from encours.web.shell.issue_words import french, said, said_together, said_why
from encours.web.shell.issue_words.catalogue import catalogue, sections
from tests.connectors.golden import all_golden, expected_path
from tests.house.sentences import NOT_SHOWN, sentences

_PLACES = sections()
_BUILT_IN = {"amount", "date", "percent", "ways"}


def _known(text: str) -> bool:
    parts = _PLACES
    lists = [words for name, words in parts.items() if name not in ("sentences", "elsewhere")]
    return text in parts["sentences"] or any(text in words for words in lists)


def _fields(text: str) -> Iterator[tuple[int, str]]:
    for _, name, form, _ in string.Formatter().parse(text):
        if name is not None:
            yield int(name), form or ""


def test_every_sentence_that_a_screen_shows_has_its_french() -> None:
    missing = [f"{one.place}: {one.text}" for one in sentences() if not _known(one.text)]
    assert not missing, "say these in src/encours/web/shell/issue_words:\n" + "\n".join(missing)


def test_a_sentence_without_french_is_found(tmp_path: Path) -> None:
    reader = tmp_path / "connectors/telex/read.py"
    reader.parent.mkdir(parents=True)
    reader.write_text(
        '"""Reads telexes, of course."""\n'
        "def read(file, issues, words):\n"
        '    issues.add("telex_torn", f"the telex of {file:%Y} is torn", action="Glue it together.")\n'
        '    why = "nobody sends telexes"\n'
        '    raise CallError([why, f"{file} is no telex"])\n'
        'def check(): raise AssertionError("the telex is a program fault")\n'
    )
    found = {one.text for one in sentences(tmp_path)}
    assert found == {"the telex of {} is torn", "Glue it together.", "nobody sends telexes", "{} is no telex"}
    assert not any(_known(text) for text in found)


def test_no_wording_outlives_its_sentence() -> None:
    texts = {one.text for one in sentences()} | {"nothing says whose this bank account {} is"}
    texts |= {"nothing says whose this file is", "nothing says the currency ({} lines)"}
    assert [english for english in _PLACES["sentences"] if english not in texts] == []


def test_each_wording_uses_every_value_in_a_known_form() -> None:
    faults = []
    for english, text in (_PLACES["sentences"] | _PLACES["elsewhere"]).items():
        used = dict(_fields(text))
        forms = {form for _, form in _fields(text) if form and "|" not in form}
        if set(used) != set(range(english.count("{}"))) or forms - _BUILT_IN - _PLACES.keys():
            faults.append(f"{english} = {text}")
    assert faults == []


def test_each_pattern_is_the_one_that_answers_for_its_sentence() -> None:
    wrong = []
    for english, text in _PLACES["sentences"].items():
        values = [f"Q{place}Z" for place in range(english.count("{}"))]
        expected = re.sub(r"\{(\d)(?::([^}|]*))?\}", r"Q\1Z", re.sub(r"\{\d:[^}|]*\|([^}]*)\}", r"\1", text))
        shown = french(english.replace("{}", "\0%s").replace("%", "%%").replace("\0%%s", "%s") % tuple(values))
        if shown != expected:
            wrong.append(f"{english}: {shown}")
    assert wrong == []


def test_the_issues_of_golden_files_are_said_in_french() -> None:
    missing = set()
    for _, path in all_golden():
        for issue in json.loads(expected_path(path).read_text(encoding="utf-8"))["issues"]:
            missing |= {text for text in (issue["message"], issue.get("action")) if text and french(text) == text}
    assert not missing


def test_what_a_line_of_a_sheet_lacks_has_a_word() -> None:
    needed = {name for kind in kinds().values() for group in kind.needed for name in group}
    assert needed - catalogue().words["columns"].keys() == set()


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("the line has no booking date; 2026-03-31 is taken",
         "la ligne n’a pas de date de comptabilisation ; 31/03/2026 est retenu"),
        ("opening 1000.00 + entries -1250.50 is not closing 3.00",
         "solde initial 1 000,00 + mouvements −1 250,50 ne donne pas le solde final 3,00"),
        ("1 lines have no due date; they count as due on their invoice date",
         "1 ligne est sans échéance, réputée échue à la date de facture"),
        ("the line has no amount or debit or credit", "il manque à la ligne : montant ou débit ou crédit"),
        ("letter AB of 411DUP leaves 12.50 EUR; it is taken as partial",
         "lettrage AB de 411DUP : reste 12,50 EUR ; il est pris comme lettrage partiel"),
        ("entity A (EUR) is not in the list; the total of B (EUR) falls by 63% against 2026-01-31",
         "la société A (EUR) est absente de la liste ; le total de B (EUR) baisse de 63 % par rapport au 31/01/2026"),
        ("terms.default: 'soon' names no day; write for example '45 jours fin de mois' or 'net 30'",
         "délai par défaut : « soon » n’indique aucun jour ; écrivez par exemple « 45 jours fin de mois » "
         "ou « 30 jours nets »"),
        ("the archive is not unpacked: it holds 5 files; at most 3 are read",
         "l’archive n’est pas décompressée : elle contient 5 fichiers ; 3 au plus sont lus"),
        ("'a; b' is not an amount", "« a; b » n’est pas un montant"),
        ("something new; and odd", "something new; and odd"),
    ],
)  # fmt: skip
def test_values_joined_sentences_and_sentences_in_sentences(english: str, expected: str) -> None:
    assert french(english).replace("\u202f", " ").replace("\u00a0", " ") == expected


def test_french_has_its_unbreakable_blanks() -> None:
    assert "date de comptabilisation\u202f; " in french("the line has no booking date; x is taken")
    assert french("'x' is no date").startswith("«\u00a0x\u00a0»")


def test_the_reader_s_language_decides() -> None:
    with translation.override("en"):
        assert said("CompteNum is empty") == "CompteNum is empty"
        assert said_together(["a", "b"]) == "a; b"
    with translation.override("fr"):
        assert said("CompteNum is empty") == "CompteNum n’est pas renseigné"
        assert said_together(["CompteNum is empty", "b"]) == "CompteNum n’est pas renseigné\u202f; b"
        assert said(None) == ""


def test_what_is_named_as_not_shown_is_still_there() -> None:
    source = "".join(path.read_text() for path in Path("src/encours").rglob("*.py") if "/web/" not in str(path))
    gone = [text for text in NOT_SHOWN if not re.search(re.escape(text).replace(r"\{\}", r".{2,80}?"), source, re.S)]
    assert gone == []


def test_every_reason_of_a_match_has_its_french() -> None:
    """Each clause that the engine can say, with values as it writes them, is known word for word."""
    missing = [
        clause for clause in _clauses() if french(clause) == clause or re.search(r"[A-Za-z]*[{}]", french(clause))
    ]
    assert not missing, "say these in src/encours/web/shell/issue_words/matching.toml:\n" + "\n".join(missing)


def _clauses() -> Iterator[str]:
    """The reasons of one match of every family, with everything that can speak for and against it, clause by clause."""
    names = [family.name for family in families()]
    flags = [feature for feature, _ in explain._PAYER]
    against = ("ways", "rivals", "late", "dead", "elsewhere", "quoted_unpaid", "namesakes", "partly", "twin")
    ways = ("by_number", "by_other", "by_list", "by_tail", "by_slip", "unquoted")
    row = dict.fromkeys((*against, *ways), 2.0) | {"gap": 1250, "weak": 2**30 - 1, "crossed": True, "contested": "R1"}
    row["currency"] = "EUR"
    row |= {"second": 0.5, "second_items": 2, "twin_of": "R2", "reopened_by": "R3", "items": 6.0}
    rows = [
        row
        | dict.fromkeys(flags, 0.0)
        | {flag: 1.0, "family_place": place, "items": items, "second_place": place, "second_items": int(items) // 2}
        for place in range(len(names))
        for flag in flags
        for items in (1.0, 6.0)
    ]
    for reason in set(explain.reasons(pl.DataFrame(rows))):
        support, _, doubts = reason.partition("; but ")
        assert doubts
        yield from support.split("; ")
        yield from doubts.split("; ")


def test_why_a_return_is_proposed_has_its_french() -> None:
    assert french("takes back what receipt R1 had paid: 2 open again").replace("\u00a0", " ") == (
        "annule ce que le règlement R1 avait payé : 2 pièces à nouveau ouvertes"
    )
    said = [*return_reasons._CODES, *return_reasons._FRENCH, *return_reasons._WORDS, *returns._SAID.values()]
    said += [
        "15.0 beyond it: the bank's fee, which stays on the return",
        "payments that fit alike: 2, the latest is taken",
    ]
    assert [one for one in said if french(one.replace("{}", "AM04")) == one.replace("{}", "AM04")] == []


def test_why_a_match_is_proposed_reads_well_in_french() -> None:
    reason = (
        "3 items quoted (2 by number, 1 by the last digits), less a discount of 12.50 EUR: exactly the receipt; "
        "the bank account is the customer's; but 2 sets of items fit alike"
    )
    with translation.override("fr"):
        assert said_why(reason).replace("\u202f", " ").replace("\u00a0", " ") == (
            "3 pièces citées (2 par numéro, 1 par les derniers chiffres), moins un escompte de 12,50 EUR : exactement "
            "le règlement ; le compte bancaire est celui du client ; mais 2 ensembles de pièces conviennent aussi bien"
        )
    with translation.override("en"):
        assert said_why(reason) == reason
