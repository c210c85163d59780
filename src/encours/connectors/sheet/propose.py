"""A mapping proposed for a source, with its confidence column by column and a preview of what it would give."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field

import polars as pl

from encours.connectors.base.contract import Source
from encours.connectors.sheet.detect import ColumnFacts, Layout, account_said, currency_said, day_said, detect
from encours.connectors.sheet.grid import TYPED_NUMBER, Grid, UnreadableSheetError, read_grid
from encours.connectors.sheet.kind import kinds
from encours.connectors.sheet.mapping import ColumnMap, Mapping
from encours.connectors.sheet.parse import parse
from encours.core.base.issue import Issues, concat_issues, no_issues

PREVIEW_ROWS = 20


@dataclass(frozen=True)
class ColumnProposal:
    """One column as seen: its heading, its first values, and the field it is taken for (None: left out)."""

    index: int
    heading: str | None
    samples: tuple[str, ...]
    field: str | None
    confidence: float
    format: str
    ambiguous: bool = False


@dataclass(frozen=True)
class Proposal:
    """What the mapping screen shows.

    `mapping` is None where no kind fits: the user picks one. `missing` names what nobody says (`currency`, `account`,
    a required field). `preview`: the first parsed rows (`line` and the mapped fields; amounts in minor units beside
    `currency`). `fields`: what a column of this kind may be.
    """

    mapping: Mapping | None
    confidence: float
    columns: tuple[ColumnProposal, ...]
    missing: tuple[str, ...]
    preview: pl.DataFrame
    issues: pl.DataFrame
    kinds: Dict[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()


def propose_mapping(source: Source, kind: str | None = None, mapping: Mapping | None = None) -> Proposal:
    """The proposal for a file; with `mapping`, the preview and the gaps of the user's own.

    Never raises on data: a file that is no sheet gives an empty proposal with an issue.
    """
    titles = {name: found.title for name, found in kinds().items()}
    try:
        grid = read_grid(source.path, mapping.sheet if mapping else None)
    except (UnreadableSheetError, OSError) as error:
        issues = Issues(source.name)
        issues.add("sheet_unreadable", str(error), action="Open it in a spreadsheet program and save it again.")
        return Proposal(None, 0.0, (), (), pl.DataFrame(), issues.frame(), titles)
    layout = detect(grid, mapping.kind if mapping else kind)
    chosen = mapping or mapping_of(layout, grid, source.name)
    columns = tuple(_column(facts, layout, chosen) for facts in layout.facts)
    if chosen is None:
        return Proposal(None, 0.0, columns, ("kind",), pl.DataFrame(), no_issues(), titles)
    head = Grid(grid.cells.head(_rows_for_preview(grid, chosen)), grid.sheet, grid.separator, grid.encoding)
    parsed = parse(head, chosen, source.name, entity="preview")
    shown = parsed.rows.head(PREVIEW_ROWS).select(
        name for name in parsed.rows.columns if name in ("line", "currency") or chosen.of_field(name)
    )
    sure = [column.confidence for column in columns if column.field]
    return Proposal(
        chosen,
        round(sum(sure) / len(sure), 3) if sure else 0.0,
        columns,
        _missing(chosen, parsed.currency_missing),
        shown,
        concat_issues([parsed.issues]),
        titles,
        tuple(kinds()[chosen.kind].fields) if chosen.kind in kinds() else (),
    )


def mapping_of(layout: Layout, grid: Grid, name: str) -> Mapping | None:
    """The mapping that a detected layout stands for; None without a kind."""
    if layout.kind is None:
        return None
    columns = []
    for index, (field_name, _) in layout.columns.items():
        facts = layout.facts[index]
        columns.append(ColumnMap(index, field_name, facts.heading, _format(layout, facts, field_name)))
    header = layout.header_row
    above = [[cell.removeprefix(TYPED_NUMBER) for cell in row if cell] for row in grid.top(header or 0)]
    titles = [cell for row in above for cell in row]
    us_dates = any(column.format in ("mdy", "mdy8") for column in columns)
    has_account = any(column.field == "account" for column in columns)
    has_currency = any(column.field == "currency" for column in columns)
    return Mapping(
        kind=layout.kind.name,
        columns=tuple(columns),
        header_row=None if header is None else int(grid.cells["line"][header]),
        sheet=grid.sheet,
        currency=None if has_currency else currency_said(layout, titles, us_dates),
        account=account_said(above) if "account" in layout.kind.fields and not has_account else None,
        as_of=day_said([" ".join(row) for row in above], name),
    )


def _format(layout: Layout, facts: ColumnFacts, field_name: str) -> str:
    kind = layout.kind
    if kind is None:
        return "auto"
    if kind.fields[field_name].type == "date":
        if facts.ambiguous_date:
            # Another date column of the sheet may tell which of day and month comes first.
            others = [c for c in layout.facts if c.date_format in ("dmy", "mdy") and not c.ambiguous_date]
            return others[0].date_format or "dmy" if others else "dmy"
        return facts.date_format or "auto"
    if kind.fields[field_name].type == "amount":
        return facts.decimal or _decimal_of(layout) or "auto"
    return "auto"


def _decimal_of(layout: Layout) -> str | None:
    marks = [c.decimal for c in layout.facts if c.decimal and c.number_share >= 0.5 and c.date_share < 0.5]
    return max(set(marks), key=marks.count) if marks else None


def _column(facts: ColumnFacts, layout: Layout, mapping: Mapping | None) -> ColumnProposal:
    mapped = next((column for column in (mapping.columns if mapping else ()) if column.index == facts.index), None)
    field_name, sure = layout.columns.get(facts.index, (None, 0.0))
    if mapped is not None and mapped.field != field_name:
        field_name, sure = mapped.field, 1.0
    return ColumnProposal(
        facts.index,
        facts.heading,
        facts.samples,
        mapped.field if mapped else None,
        sure if mapped else 0.0,
        mapped.format if mapped else "auto",
        facts.ambiguous_date and bool(mapped),
    )


def _rows_for_preview(grid: Grid, mapping: Mapping) -> int:
    header = mapping.header_row or 0
    return int((grid.cells["line"] <= header).sum()) + 3 * PREVIEW_ROWS


def _missing(mapping: Mapping, currency_missing: bool) -> tuple[str, ...]:
    kind = kinds().get(mapping.kind)
    if kind is None:
        return ("kind",)
    mapped = {column.field for column in mapping.columns}
    gaps = ["|".join(group) for group in kind.needed if not mapped & set(group)]
    if currency_missing:
        gaps.append("currency")
    if "account" in kind.fields and "account" not in mapped and not mapping.account:
        gaps.append("account")
    return tuple(gaps)
