"""Reads a FEC: its receivable accounts as a Book, the facts people check it by, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import cast

import polars as pl

from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.fec.classes import Chart, with_classes
from encours.connectors.fec.entries import with_entries
from encours.connectors.fec.facts import facts_of
from encours.connectors.fec.findings import Found, findings, prove
from encours.connectors.fec.layout import Layout, Repaired, layout_of, repair
from encours.connectors.fec.lines import read_lines
from encours.connectors.fec.own import Recognise, part_own
from encours.connectors.fec.parts import parts_of
from encours.connectors.fec.prepare import accounting_day, customer_of, opening_day, prepared, touched_by_claims
from encours.connectors.fec.remit import remitted
from encours.connectors.fec.tables import Context, Terms, build
from encours.core.base.issue import CallError, Issues, concat_issues
from encours.core.base.money import exponent, is_currency

_NAME = re.compile(r"(\d{9})FEC(\d{8})", re.IGNORECASE)
_DAYS = 30  # LPC L441-10: without an agreement a debt is due thirty days after delivery


def read(source: Source, options: Options) -> Reading:
    """The receivable accounts of a FEC. See README.md of this folder for what becomes of a line.

    Settings: `receivable_accounts`, `opening_journals`, `<rule>_accounts` (lists of prefixes); `currency` (EUR);
    `due_days` (30) or `due_on`, a function of a Date series, where the file has no due date; `due_name`;
    `own_entries`, a function that recognises what left here (`own.Recognise`). Raises CallError for a wrong setting;
    never on data.
    """
    chart, currency, terms = _settings(options.settings)
    fixed = repair(source.path.read_bytes())
    layout = layout_of(fixed.data)
    entity_id, siren = _entity(source.name, options)
    issues = Issues(source.name)
    if layout.missing:
        absent = ", ".join(layout.missing)
        issues.add(
            "fec_columns", f"the first line lacks {absent}", line=1, action="Export the FEC with its 18 field names."
        )
        return Reading("fec", {}, issues.frame(), entity_id, {"lines": 0, "columns": layout.columns})
    if siren is None and options.entity_id is None:
        issues.add(
            "entity_unknown",
            "the file name has no SIREN, so its entity is called 'fec'",
            line=1,
            severity="warning",
            action="Name the file <SIREN>FEC<AAAAMMJJ>.txt or give the entity.",
        )
    own = options.settings.get("own_entries")
    recognise = cast("Recognise", own) if callable(own) else None
    return _read(source, fixed, layout, Setting(chart, currency, terms, entity_id, siren, recognise), issues)


class Setting:
    """What the reading of one file goes by."""

    def __init__(
        self,
        chart: Chart,
        currency: str,
        terms: Terms,
        entity_id: str,
        siren: str | None,
        recognise: Recognise | None = None,
    ) -> None:
        self.chart, self.currency, self.terms = chart, currency, terms
        self.entity_id, self.siren, self.recognise = entity_id, siren, recognise


def _read(source: Source, fixed: Repaired, layout: Layout, setting: Setting, issues: Issues) -> Reading:
    read_in = read_lines(fixed.data, layout, exponent(setting.currency))
    lines = with_classes(with_entries(read_in.good), setting.chart)
    facts = facts_of(lines, read_in.bad.height, fixed, layout, setting.currency)
    parted = part_own(lines, setting.recognise, setting.chart, source.name)
    if setting.recognise is not None:
        facts |= {"letters": highest_letters(lines), "own_entries": list(parted.ids)}
    lines = parted.lines
    unbalanced = lines.filter(~pl.col("balanced")).group_by("entry").agg(
        pl.col("line", "journal", "number", "date").first(), gap=pl.col("net").sum()
    )  # fmt: skip
    parts = parts_of(touched_by_claims(lines))
    opening_on = opening_day(pl.concat([lines, parted.own])) if parted.ids else opening_day(lines)
    apart = parted.own.with_columns(day=accounting_day(opening_on), customer_id=customer_of(setting.entity_id))
    rows = prepared(lines, parts, setting.entity_id, opening_on)
    taken = remitted(lines)
    del lines
    tables = build(parts, rows, taken, Context(setting.entity_id, setting.currency, setting.terms))
    tables["entities"] = _entities(setting)
    found = Found(source.name, rows, parts, tables, unbalanced, read_in.bad, setting.terms.name, setting.currency)
    balances, gaps = prove(rows, tables, source.name, setting.currency, apart)
    said = concat_issues([issues.frame(), findings(found), parted.issues, gaps])
    opened = {"opening_on": str(opening_on) if opening_on else None}
    return Reading("fec", tables, said, setting.entity_id, facts | opened | balances, read_in.bad)


def highest_letters(lines: pl.DataFrame) -> dict[str, str]:
    """Receivable account -> the highest of its letter codes: the longest, then the last of the alphabet."""
    code = pl.col("letter").str.to_uppercase()
    codes = lines.filter(pl.col("receivable") & code.str.contains(r"^[A-Z]{3,}$")).select("account", code=code).unique()
    ranked = codes.sort(pl.col("code").str.len_chars(), "code").unique("account", keep="last", maintain_order=True)
    return dict(ranked.iter_rows())


def _entity(name: str, options: Options) -> tuple[str, str | None]:
    siren = siren_of(name)
    return options.entity_id or siren or "fec", siren


def siren_of(name: str) -> str | None:
    """The SIREN in a file's legal name, <SIREN>FEC<AAAAMMJJ>; null where it has another name."""
    found = _NAME.search(name)
    return found[1] if found else None


def _entities(setting: Setting) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "entity_id": [setting.entity_id],
            "name": [setting.siren or setting.entity_id],
            "country": ["FR"],
            "currency": [setting.currency],
            "legal_id": [setting.siren],
        },
        schema_overrides={"legal_id": pl.String()},
    )


def _settings(settings: Mapping[str, object]) -> tuple[Chart, str, Terms]:
    chart = Chart.of(settings)
    currency = settings.get("currency", "EUR")
    days, due_on = settings.get("due_days", _DAYS), settings.get("due_on")
    faults = []
    if not isinstance(currency, str) or not is_currency(currency):
        faults.append(f"currency is {currency!r}, not an ISO 4217 code")
    if not isinstance(days, int) or days < 0:
        faults.append(f"due_days is {days!r}, not a number of days")
    if due_on is not None and not callable(due_on):
        faults.append("due_on is not a function of the issue dates")
    if faults:
        raise CallError(faults)
    assert isinstance(days, int)
    name = str(settings.get("due_name") or f"{days} days")
    rule: Callable[[pl.Series], pl.Series] = (
        due_on if callable(due_on) else (lambda issued: issued + timedelta(days=days))
    )
    return chart, str(currency), Terms(rule, name)
