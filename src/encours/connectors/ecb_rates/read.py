"""Reading the ECB's files: `eurofxref` in CSV (a day a line, a currency a column) and in XML."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from datetime import date, datetime

import polars as pl
from lxml import etree

from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.text import decode
from encours.connectors.base.xml import HostileXmlError, free, iterate
from encours.core.base.issue import Issues
from encours.core.base.money import is_currency

_SCHEMA: dict[str, pl.DataType] = {"currency": pl.String(), "on": pl.Date(), "rate": pl.Float64(), "line": pl.Int64()}
_REJECTED: dict[str, pl.DataType] = {"line": pl.Int64(), "text": pl.String(), "code": pl.String()}
_FILE_BYTES_MAX = 100 << 20
_Row = tuple[str, date, float, int]


def sniff(head: bytes, name: str) -> float:
    """1 for the XML's own vocabulary, 0.95 for a line of headings that is `Date` and currency codes, else 0."""
    if b"ecb.int/vocabulary" in head and b"eurofxref" in head:
        return 1.0
    first = head.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    cells = [cell.strip() for cell in first.split(",") if cell.strip()]
    codes = cells[1:]
    # A statement with the headings `Date, EUR, USD` would be short of the thirty that the ECB quotes.
    if cells[:1] == ["Date"] and len(codes) >= 5 and all(is_currency(code) or code in _FORMER for code in codes):
        return 0.95
    return 0.0


#: Currencies that joined the euro or were renamed: they stand in the ECB's history and in no list of today.
_FORMER = frozenset(["CYP", "EEK", "LTL", "LVL", "MTL", "ROL", "SIT", "SKK", "TRL", "BGN", "HRK"])


def read(source: Source, options: Options) -> Reading:
    """Table `rates`: units of the currency for 1 EUR on a day. `N/A` is no rate and no issue."""
    issues = Issues(source.name)
    rejected: list[tuple[int, str, str]] = []
    rows: list[_Row] = []
    try:
        if source.path.stat().st_size > _FILE_BYTES_MAX:
            issues.add("file_too_large", "a file of rates is smaller than 100 MB", action="Take the ECB's own file.")
        elif source.head(512).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
            rows.extend(_from_xml(source, issues, rejected))
        else:
            rows.extend(_from_csv(source, issues, rejected))
    except HostileXmlError as error:
        issues.add("hostile_xml", str(error), line=1, action="Take the file from the ECB again.")
    except etree.XMLSyntaxError as error:
        issues.add("xml_broken", f"the XML breaks off: {error.msg}", line=error.lineno, action="Take the file again.")
    rates = pl.DataFrame(rows, schema=_SCHEMA, orient="row")
    distinct = rates.unique(["currency", "on"], keep="last", maintain_order=True)
    days = distinct["on"]
    facts = {
        "rates": distinct.height,
        "currencies": distinct["currency"].n_unique(),
        "from": str(days.min()) if days.len() else None,
        "to": str(days.max()) if days.len() else None,
    }
    if not distinct.height and not issues.rows:
        issues.add("no_rates", "the file holds no rate", action="Take eurofxref-hist.csv from the ECB.")
    turned_away = pl.DataFrame(rejected, schema=_REJECTED, orient="row")
    return Reading("ecb_rates", {"rates": distinct}, issues.frame(), options.entity_id, facts, turned_away)


def _from_csv(source: Source, issues: Issues, rejected: list[tuple[int, str, str]]) -> Iterator[_Row]:
    text = decode(source.path.read_bytes()).text.removeprefix("\ufeff").replace("\r", "\n").replace("\x00", "")
    reader = csv.reader(io.StringIO(text))
    codes: list[str] = []
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            issues.add("line_damaged", str(error), line=reader.line_num)
            rejected.append((reader.line_num, "", "line_damaged"))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not codes:
            codes = [cell.strip().upper() for cell in cells[1:]]
            continue
        yield from _csv_line(cells, codes, reader.line_num, issues, rejected)


def _csv_line(
    cells: list[str], codes: list[str], line: int, issues: Issues, rejected: list[tuple[int, str, str]]
) -> Iterator[_Row]:
    day = _day(cells[0])
    if day is None:
        issues.add("date_invalid", f"{cells[0][:40]!r} is no date", line=line, action="Take the file again.")
        rejected.append((line, ",".join(cells)[:500], "date_invalid"))
        return
    for code, cell in zip(codes, cells[1:], strict=False):
        row = _rate(code, day, cell, line, issues)
        if row is not None:
            yield row


def _from_xml(source: Source, issues: Issues, rejected: list[tuple[int, str, str]]) -> Iterator[_Row]:
    day: date | None = None
    number = 0
    for event, element in iterate(source.path, "{*}Cube"):
        if event == "start":
            if element.get("time"):
                day = _day(element.get("time"))
                if day is None:
                    issues.add("date_invalid", f"{element.get('time')[:40]!r} is no date", line=element.sourceline)
                    rejected.append((element.sourceline or 0, element.get("time")[:500], "date_invalid"))
            continue
        number += 1
        if element.get("currency") and day is not None:
            row = _rate(element.get("currency"), day, element.get("rate") or "", number, issues)
            if row is not None:
                yield row
        free(element)


def _rate(code: str, day: date, text: str, line: int, issues: Issues) -> _Row | None:
    plain = text.strip()
    if not re.fullmatch(r"[A-Z]{3}", code) or plain in ("", "N/A", "-"):
        return None
    try:
        rate = float(plain)
    except ValueError:
        rate = math.nan
    if not (math.isfinite(rate) and rate > 0):
        issues.add("rate_invalid", f"{plain[:40]!r} is no rate of {code}", line=line, action="Take the file again.")
        return None
    return code, day, rate, line


def _day(text: str) -> date | None:
    """`2026-03-31`, and `31 March 2026` as the one-day CSV prints it."""
    for form in ("%Y-%m-%d", "%d %B %Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a civil day, no zone
        except ValueError:
            continue
    return None
