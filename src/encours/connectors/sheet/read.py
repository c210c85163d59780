"""Reading any sheet: by the source's saved mapping, else by the one that the sheet itself suggests."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import replace
from datetime import date

from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.text import decode
from encours.connectors.sheet.detect import detect, find_header
from encours.connectors.sheet.grid import (
    OLE_MAGIC,
    ZIP_MAGIC,
    Grid,
    UnreadableSheetError,
    detect_separator,
    plain_newlines,
    read_grid,
    safe_csv,
)
from encours.connectors.sheet.kind import Parsed, kinds
from encours.connectors.sheet.mapping import Mapping
from encours.connectors.sheet.parse import ParsedSheet, parse
from encours.connectors.sheet.propose import mapping_of
from encours.core.base.issue import CallError, Issues, concat_issues
from encours.core.base.money import is_currency
from encours.core.base.named import conform_named

_WORKBOOK_MARKS = (b"xl/", b"[Content_Types].xml", b"opendocument.spreadsheet")


def sniff(head: bytes, name: str) -> float:
    """0.7 for a workbook; up to 0.6 for text whose rows split alike below a row of known headings; else 0."""
    if head.startswith(OLE_MAGIC):
        return 0.5
    if head.startswith(ZIP_MAGIC):
        return 0.7 if any(mark in head for mark in _WORKBOOK_MARKS) else 0.0
    if not head.strip() or head.lstrip()[:1] in (b"<", b"%", b"{") or b"\x00\x00\x00" in head[:4096]:
        return 0.0
    text = plain_newlines(decode(head).text)
    lines = [line for line in text.split("\n")[:60] if line.strip()]
    rows = safe_csv(lines, detect_separator(text))
    wide = [row for row in rows if len(row) > 1]
    if find_header([[cell.strip() or None for cell in row] for row in rows]) is not None and wide:
        return 0.6
    suffix = name.lower().rsplit(".", 1)[-1]
    if len(wide) >= 2 and len({len(row) for row in wide}) <= 3:
        return 0.3 if suffix in ("csv", "tsv") else 0.1
    return 0.2 if suffix in ("csv", "tsv") and rows else 0.0


def read(source: Source, options: Options) -> Reading:
    """Tables of the Book from a sheet of any kind; `facts` count its rows and name its kind and mapping."""
    issues = Issues(source.name)
    try:
        saved = Mapping.from_json(options.mapping) if options.mapping else None
    except CallError as error:
        for fault in error.faults:
            issues.add("mapping_invalid", fault, line=1, action="Correct the mapping of this source.")
        saved = None
    try:
        grid = read_grid(source.path, saved.sheet if saved else None)
    except (UnreadableSheetError, OSError) as error:
        issues.add("sheet_unreadable", str(error), action="Open it in a spreadsheet program and save it again.")
        return Reading("sheet", {}, issues.frame(), options.entity_id)
    _say_grid(grid, issues)
    mapping = saved if saved and saved.kind in kinds() else _detected(grid, source.name)
    facts: dict[str, object] = {
        "rows": grid.cells.height,
        "separator": grid.separator,
        "encoding": grid.encoding,
        "sheet": grid.sheet,
    }
    if mapping is None:
        return _unknown(grid, issues, options, facts)
    return _read_kind(source, options, grid, _completed(mapping, options), issues, facts)


def _detected(grid: Grid, name: str) -> Mapping | None:
    return mapping_of(detect(grid), grid, name)


def _completed(mapping: Mapping, options: Options) -> Mapping:
    """The mapping with what the caller's settings say where neither it nor a column does."""
    settings = options.settings
    currency, account, as_of = settings.get("currency"), settings.get("account"), settings.get("as_of")
    return replace(
        mapping,
        currency=mapping.currency or (str(currency) if currency and is_currency(str(currency)) else None),
        account=mapping.account or (str(account) if account else None),
        as_of=mapping.as_of or (as_of if isinstance(as_of, date) else None),
        opening_items=mapping.opening_items or bool(settings.get("opening_items")),
    )


def _read_kind(
    source: Source, options: Options, grid: Grid, mapping: Mapping, issues: Issues, facts: dict[str, object]
) -> Reading:
    sheet = parse(grid, mapping, source.name, entity="")
    entity = _entity(source, options, mapping, sheet, issues)
    kind = kinds()[mapping.kind]
    headings = {column.field: column.heading or column.field for column in mapping.columns}
    built = kind.build(Parsed(sheet.rows, mapping, entity, mapping.as_of, source.name, headings), issues)
    facts |= {
        "kind": kind.name,
        "rows": sheet.seen,
        "read": sheet.rows.height,
        "rejected": sheet.rejected.height,
        "totals": sheet.totals,
        "repeated_headings": sheet.repeated,
        "header_row": mapping.header_row,
        "mapping": mapping.to_json(),
        **built.facts,
    }
    if not sheet.seen:
        message, action = "the sheet has headings but no line", "Check that this is the file you meant."
        issues.add("nothing_to_read", message, line=1, severity="warning", action=action)
    everything = concat_issues([issues.frame(), sheet.issues])
    filled = {name: frame for name, frame in built.tables.items() if frame.height or name in ("receipts", "items")}
    named = None if built.named is None else conform_named(built.named)
    return Reading("sheet:" + kind.name, filled, everything, entity, facts, sheet.rejected, named)


def _entity(source: Source, options: Options, mapping: Mapping, sheet: ParsedSheet, issues: Issues) -> str:
    if known := options.entity_id or mapping.entity:
        return known
    if "account" in sheet.rows.columns:
        accounts = sheet.rows["account"].drop_nulls().unique().to_list()
        if mapping.account or len(accounts) == 1:
            return re.sub(r"[\s-]+", "", mapping.account or accounts[0]).upper()
    name = re.sub(r"[^A-Za-z0-9]+", "-", source.name.rsplit(".", 1)[0]).strip("-") or "entity"
    issues.add(
        "entity_missing",
        f"nothing says whose sheet this is; its facts stand under {name}",
        line=mapping.header_row or 1,
        severity="warning",
        action="Give the entity, on the command line or in the mapping of this source.",
    )
    return name


def _say_grid(grid: Grid, issues: Issues) -> None:
    for line, message in grid.damaged[:100]:
        issues.add("line_damaged", message, line=line, action="Correct the line and import it again.")
    if grid.others:
        issues.add(
            "sheets_unread",
            f"only sheet {grid.sheet} was read; {', '.join(grid.others)} hold data too",
            severity="info",
            action="Save each sheet as a file of its own, or name the sheet in the mapping.",
        )


def _unknown(grid: Grid, issues: Issues, options: Options, facts: Dict[str, object]) -> Reading:
    issues.add(
        "kind_unknown",
        "the headings do not say what this sheet holds",
        line=int(grid.cells["line"][0]) if grid.cells.height else None,
        action="Choose the kind and the columns once; the mapping is kept for this source.",
    )
    header = find_header(grid.top())
    # Without a kind the first row is taken as headings where it looks like words.
    rows = grid.cells.height - (1 if grid.cells.height else 0) if header is None else grid.cells.height - header - 1
    return Reading("sheet", {}, issues.frame(), options.entity_id, {**facts, "kind": None, "rows": rows})
