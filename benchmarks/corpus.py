"""The sample files beside the repository: in how many of each format do the expected facts come out right?

The files are public samples whose manifest gives the facts (entries, signed booked sum, balances, totals, lettered
lines). They are never copied into the repository; `ENCOURS_SHARED` names their folder.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from benchmarks.harness import Figure, arguments, report
from encours.connectors.base.accounts import french_iban, normal_account
from encours.connectors.base.contract import Options, Reading, Source, recognise
from encours.core.base.money import to_decimal
from tests.shared import shared_root

_Check = Callable[[dict[str, Any], Reading], Iterator[str]]
#: Bank lines and their signed sum in the sample CSV and XLSX files, counted by hand; the key opens the file's digest.
#: None: no bank file, so it must give no bank line.
_SHEETS: dict[str, tuple[int, str] | None] = {
    "fea194b26a09": (3, "2260.94"),
    "e8786ba70f72": (3, "2260.94"),
    "7e9c85c470bc": None,
    "285e8ec3a053": None,
    "baec1b8298a4": None,
    "e52ec31a0372": (2, "0"),
    "7af825698460": (8, "465000"),
    "9f5b31643baa": (1, "-98.76"),
    "202b464d27ef": (10, "350.21"),
    "bb35604fff87": (4, "-3000"),
    "671ae6aa6832": (4, "-35.89"),
    "85e4f6cfca81": (2, "20"),
    "1e4c0e7fd0f5": (4, "-215.27"),
    "2ebd2c8aeea1": (4, "-215.27"),
    "c2978005716f": (2, "0"),
    "d82d608152e4": (5, "112.50"),
    "0d9e8b7d94a6": None,
    "1871796568d0": (0, "0"),
    "78ea5a20888a": (2, "1491.5"),
}
#: What a person knows of the account they import such a file into; the file itself does not say it.
_ACCOUNT = {"currency": "EUR", "account": "BANK"}


@dataclass(frozen=True)
class Group:
    """Formats that share a bar: the share of their files whose facts must come out right (None: only shown)."""

    name: str
    formats: tuple[str, ...]
    check: _Check
    bar: float | None
    counts: Callable[[dict[str, Any], dict[str, str]], bool] = lambda expected, row: True


@dataclass(frozen=True)
class Verdict:
    """One file: what is wrong with its reading, nothing where all is right."""

    group: Group
    file: str
    faults: tuple[str, ...]


def manifest() -> list[dict[str, str]]:
    """The rows of the sample files' manifest; empty where there are none."""
    path = shared_root() / "corpus" / "MANIFEST.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def verdicts() -> Iterator[Verdict]:
    """Every file of a known format, read and compared."""
    for row in manifest():
        expected = json.loads(row["expected"])
        for group in GROUPS:
            if row["format"] in group.formats and group.counts(expected, row):
                yield Verdict(group, row["file"], tuple(_faults(group, row, expected)))


def _faults(group: Group, row: Mapping[str, str], expected: dict[str, Any]) -> Iterator[str]:
    source = Source.of(shared_root() / "corpus" / row["file"])
    connector = recognise(source)
    if connector is None:
        if group.check is not _sheet or _SHEETS.get(row["sha256"][:12]) is not None:
            yield "no reader recognises it"
        return
    try:
        reading = connector.read(source, Options(settings=_ACCOUNT if group.check is _sheet else {}))
    except Exception as error:  # a reader that raises is what this list is for
        yield f"{connector.name} raises {type(error).__name__}: {error}"
        return
    yield from group.check({**expected, "sha256": row["sha256"], "note": row["note"]}, reading)


def _differs(what: str, wanted: object, found: object) -> Iterator[str]:
    if _plain(wanted) != _plain(found):
        yield f"{what}: expected {wanted}, found {found}"


def _plain(value: object) -> object:
    """Numbers by value, however they are printed."""
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return value
    return value


def _total(reading: Reading) -> Decimal:
    return sum((Decimal(amount) for amount in reading.facts["sums"].values()), Decimal(0))  # type: ignore[attr-defined]  # JSON


def _kept(reading: Reading) -> Iterator[str]:
    """What the file's own figures say stands in the book as well: no line gets lost without being rejected."""
    receipts, rejected = reading.tables["receipts"], reading.rejected
    if (rejected is None or rejected.height == 0) and reading.facts["booked"] == receipts.height:
        yield from _differs("sum of the receipts", _total(reading), _sum(receipts))
    elif rejected is not None and rejected.height == 0 and receipts.height < int(str(reading.facts["booked"])):
        yield f"{reading.facts['booked']} booked entries, {receipts.height} receipts, none rejected"


def _sum(receipts: Any) -> Decimal:
    rows = receipts.select("amount", "currency").iter_rows()
    return sum((to_decimal(amount, currency) for amount, currency in rows), Decimal(0))


# The manifest's currency of a camt account is that of its last balance, which some test files give in another one
# than the account's; the account's own is read, so it is not compared.
def _camt(expected: dict[str, Any], reading: Reading) -> Iterator[str]:
    facts = reading.facts
    yield from _differs("message", expected["message"], facts["message"])
    yield from _differs("statements", expected["statements"], facts["statements"])
    yield from _differs("entries", expected["entries"], facts["entries"])
    yield from _differs("details", expected["txdtls"], facts["details"])
    yield from _balances(expected["balances"], facts["balances"], normal_account)
    yield from _kept(reading)


def _balances(wanted: list[dict[str, Any]], found: object, account: Callable[[str], str]) -> Iterator[str]:
    assert isinstance(found, list)
    yield from _differs("balances", len(wanted), len(found))
    for want, have in zip(wanted, found, strict=False):
        yield from _differs("account", account(want["acct"]), have["account"])
        yield from _differs("entries of the statement", want["n"], have["entries"] + have["pending"])
        yield from _differs("sum", want["sum"], have["sum"])
        yield from _differs("opening", want["open"], have["opening"])
        yield from _differs("closing", want["close"], have["closing"])
        yield from _differs("balanced", want["balanced"], have["balanced"] is True)


def _mt940(expected: dict[str, Any], reading: Reading) -> Iterator[str]:
    facts = reading.facts
    balances: list[dict[str, Any]] = facts["balances"]  # type: ignore[assignment]  # JSON
    yield from _differs("statements", expected["statements"], facts["statements"])
    yield from _differs("entries", expected["entries"], facts["entries"])
    yield from _differs("sum", expected["sum"], _total(reading))
    for name, wanted in (("opening", expected["open"]), ("closing", expected["close"])):
        found = [have[name] for have in balances if have[name] is not None]
        if list(map(_plain, wanted)) != list(map(_plain, found)):
            yield f"{name}: expected {wanted}, found {found}"
    broken = any(have["balanced"] is not True for have in balances)
    yield from _differs("balanced", bool(expected["balanced"]), not broken and bool(balances))
    yield from _kept(reading)


def _cfonb(expected: dict[str, Any], reading: Reading) -> Iterator[str]:
    facts = reading.facts
    if "malformed" in expected["note"] and not (reading.issues["severity"] != "info").any():
        yield "a bad file without an issue"
    yield from _differs("statements", expected["statements"], facts["statements"])
    yield from _differs("entries", expected["entries"], facts["entries"])
    yield from _differs("complements", expected["details05"], facts["complements"])
    yield from _differs("movements outside statements", expected["orphans"], facts["outside"])
    yield from _differs("qualifiers", expected["qualifiers"], facts["qualifiers"])
    yield from _balances(expected["balances"], facts["balances"], _iban)
    yield from _kept(reading)


def _iban(account: str) -> str:
    return french_iban(account[:5], account[5:10], account[10:])


def _ofx(expected: dict[str, Any], reading: Reading) -> Iterator[str]:
    facts = reading.facts
    balances: list[dict[str, Any]] = facts["balances"]  # type: ignore[assignment]  # JSON
    yield from _differs("statements", expected["statements"], facts["statements"])
    yield from _differs("entries", expected["entries"], facts["entries"])
    yield from _differs("bad amounts", expected["bad_amounts"], facts["bad_amounts"])
    yield from _differs("sum", expected["sum"], _total(reading))
    ledger = [_plain(value) for value in expected["ledger"] if value]
    yield from _differs("ledger balances", ledger, [_plain(h["closing"]) for h in balances if h["closing"] is not None])
    stated = {code.upper() for code in expected["ccy"] if code} if expected["statements"] else set()
    yield from _differs("currencies", stated, {have["currency"] for have in balances if have["currency"]})
    yield from _kept(reading)


def _fec(expected: dict[str, Any], reading: Reading) -> Iterator[str]:
    for name in expected:
        if name in ("encoding", "sha256", "note"):
            continue
        yield from _differs(name, expected[name], reading.facts.get(name))


def _einvoice(expected: dict[str, Any], reading: Reading) -> Iterator[str]:
    facts = reading.facts
    for name, key in (("id", "number"), ("ccy", "currency"), ("total", "total"), ("payable", "payable")):
        yield from _differs(key, expected.get(name) or None, facts.get(key))
    yield from _differs("issue date", _iso(expected.get("issue")), facts.get("issued_on"))
    if due := _iso(expected.get("due")):
        found = facts.get("due_on")
        if not (isinstance(found, list) and due in found):
            yield f"due date: expected {due}, found {found}"


def _iso(text: str | None) -> str | None:
    digits = (text or "").replace("-", "")[:8]
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).isoformat() if digits.isdigit() else None


def _sheet(expected: dict[str, Any], reading: Reading) -> Iterator[str]:
    wanted = _SHEETS.get(expected["sha256"][:12], (0, "0"))
    receipts = reading.tables.get("receipts")
    lines = receipts.height if receipts is not None else 0
    if wanted is None:
        yield from _differs("bank lines of a file that is no bank file", 0, lines)
        return
    yield from _differs("bank lines", wanted[0], lines)
    if receipts is not None:
        yield from _differs("sum", wanted[1], _sum(receipts))


def _whole(expected: dict[str, Any], row: dict[str, str]) -> bool:
    return bool(expected["statements"])


def _statement(row: Mapping[str, str]) -> bool:
    return _SHEETS.get(row["sha256"][:12], (0, "0")) is not None


GROUPS = (
    Group("camt.052, 053, 054", ("camt052", "camt053", "camt054"), _camt, 1.0),
    Group("MT940, MT942, whole statements", ("mt940",), _mt940, 0.95, _whole),
    Group("CFONB120, good files", ("cfonb120",), _cfonb, 1.0, lambda expected, row: "malformed" not in row["note"]),
    Group("CFONB120, bad files with an issue", ("cfonb120",), _cfonb, 1.0, lambda e, row: "malformed" in row["note"]),
    Group("OFX", ("ofx",), _ofx, 0.93),
    Group("FEC", ("fec",), _fec, 1.0),
    Group("bank CSV, XLSX", ("bank_csv", "bank_xlsx"), _sheet, 0.9, lambda e, row: _statement(row)),
    Group("sheets that are no statement", ("bank_csv", "bank_xlsx"), _sheet, None, lambda e, row: not _statement(row)),
    Group(
        "e-invoices",
        ("einvoice_cii", "einvoice_ubl", "einvoice_pdf"),
        _einvoice,
        0.99,
        lambda expected, row: bool(expected.get("id")),
    ),
)


def main(argv: list[str] | None = None) -> int:
    """Prints the table with the bars, then every file that is not right and why; 1 where a bar is not held."""
    call = arguments("Sample files whose expected facts come out right", argv)
    found = list(verdicts())
    figures = []
    for group in GROUPS:
        of_group = [verdict for verdict in found if verdict.group is group]
        right = sum(not verdict.faults for verdict in of_group)
        if of_group:
            name = f"{group.name}: {right} of {len(of_group)}"
            bar = None if group.bar is None else 100 * group.bar
            figures.append(Figure(name, round(100 * right / len(of_group), 1), "%", at_least=bar))
    if not figures:
        print("no sample files: set ENCOURS_SHARED to their folder")
        return 0
    code = report(call, figures, {"files": len(found)})
    for verdict in found:
        for fault in verdict.faults:
            print(f"{Path(verdict.file)}: {fault}")
    return code


if __name__ == "__main__":
    raise SystemExit(main())
