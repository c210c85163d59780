"""A grid read by a mapping: typed rows, total lines checked and left out, what cannot be read set aside."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from encours.connectors.sheet.detect import CREDIT_WORDS, DEBIT_WORDS
from encours.connectors.sheet.grid import TYPED_NUMBER, Grid
from encours.connectors.sheet.kind import Kind, kinds
from encours.connectors.sheet.mapping import ColumnMap, Mapping, normal_heading
from encours.connectors.sheet.values import (
    amount_exprs,
    detect_date_format,
    detect_decimal,
    minor_expr,
    read_dates,
    rounded_minor_expr,
)
from encours.core.base.issue import Issues
from encours.core.base.money import EXPONENTS, to_decimal

REJECTED_SCHEMA: dict[str, pl.DataType] = {"line": pl.Int64(), "text": pl.String(), "code": pl.String()}
_ISSUES_OF_A_CODE = 100
_TOTAL = r"(?i)^\W*(sous[- ]?tota(l|ux)|tota(l|ux)|grand total|general total|subtotal|somme|summe|gesamt|suma|cumul)\b"
_BALANCE_LINE = r"(?i)^\W*(solde|ancien solde|nouveau solde|opening balance|closing balance|saldo)\b"
_MESSAGES = {
    "date_invalid": ("{} is no date", "Correct the cell, or the column's date format in the mapping."),
    "amount_invalid": ("{} is no amount", "Correct the cell, or the column's decimal mark in the mapping."),
    "field_missing": ("the line has no {}", "Complete the line in the source and import it again."),
    "currency_missing": ("nothing says the currency", "Give the currency in the mapping of this source."),
    "currency_unknown": ("{} is no ISO 4217 currency", "Correct the currency code."),
    "sign_unknown": ("{} says neither debit nor credit", "Correct the cell."),
}


@dataclass(frozen=True)
class ParsedSheet:
    """Typed rows of a kind, what was left out and why.

    `rows`: line, currency, each field of the kind. `seen` counts the non-empty rows below the headings, `totals` the
    total lines among them, `repeated` the headings printed again.
    """

    rows: pl.DataFrame
    rejected: pl.DataFrame
    issues: pl.DataFrame
    seen: int
    totals: int
    repeated: int
    currency_missing: bool


def parse(grid: Grid, mapping: Mapping, name: str, entity: str) -> ParsedSheet:
    """Reads every row below the headings. Rows that lack what the kind needs are rejected with an issue each."""
    issues = Issues(name)
    kind = kinds()[mapping.kind]
    body, placed = _body(grid, mapping)
    seen = body.height
    body, repeated = _without_headings(body, placed)
    typed = _typed(body, kind, placed)
    typed = _with_currency(typed, mapping, kind)
    typed = _with_minor(typed, kind, mapping, issues)
    is_total = _total_lines(typed, kind)
    totals, lines = typed.filter(is_total), typed.filter(~is_total)
    faulty = _faults(lines, kind)
    good = lines.join(faulty, on="line", how="anti", maintain_order="left")
    _check_totals(totals, good, kind, issues)
    _say_faults(faulty, issues)
    _say_unread(good, kind, issues)
    _say_ambiguous(body, placed, kind, issues)
    rejected = _rejected(body, faulty)
    columns = ["line", *(["currency"] if "currency" not in kind.fields else []), *kind.fields]
    missing = kind.money and bool((faulty["code"] == "currency_missing").any())
    return ParsedSheet(good.select(columns), rejected, issues.frame(), seen, totals.height, repeated, missing)


def _body(grid: Grid, mapping: Mapping) -> tuple[pl.DataFrame, Mapping]:
    """The rows below the headings, and the mapping with its columns where the headings stand now."""
    wanted = {normal_heading(column.heading): column for column in mapping.columns if column.heading}
    if mapping.header_row is None:
        return grid.cells, _inside(mapping, grid)
    best, best_hits, found = None, 0, {}
    for row, cells in enumerate(grid.top(60)):
        headings = {normal_heading(cell): index for index, cell in reversed(list(enumerate(cells))) if cell}
        hits = len(wanted.keys() & headings.keys())
        if hits > best_hits:
            best, best_hits, found = row, hits, headings
    if best is None:
        return grid.cells.filter(pl.col("line") > mapping.header_row), _inside(mapping, grid)
    header = grid.top(60)[best]
    columns = [_moved(column, header, found) for column in mapping.columns]
    return grid.cells.slice(best + 1), _inside(replace(mapping, columns=tuple(columns)), grid)


def _moved(column: ColumnMap, header: list[str | None], found: dict[str, int]) -> ColumnMap:
    heading = normal_heading(column.heading)
    stands = column.index < len(header) and normal_heading(header[column.index]) == heading
    return column if stands or heading not in found else replace(column, index=found[heading])


def _inside(mapping: Mapping, grid: Grid) -> Mapping:
    return replace(mapping, columns=tuple(column for column in mapping.columns if column.index < grid.width))


def _without_headings(body: pl.DataFrame, mapping: Mapping) -> tuple[pl.DataFrame, int]:
    """Drops rows that print the headings again (page breaks of a report)."""
    headed = [column for column in mapping.columns if column.heading]
    if not headed or not body.height:
        return body, 0
    same = pl.all_horizontal((pl.col(f"c{c.index}") == c.heading).fill_null(False) for c in headed)
    kept = body.filter(~same)
    return kept, body.height - kept.height


def _typed(body: pl.DataFrame, kind: Kind, mapping: Mapping) -> pl.DataFrame:
    """line, each field (amounts still as plain numbers in text), and `raw:<field>` of dates and amounts."""
    columns: dict[str, pl.Expr | pl.Series] = {}
    for name, field in kind.fields.items():
        sources = mapping.of_field(name)
        if not sources:
            dtype = pl.Date() if field.type == "date" else pl.String()
            columns[name] = pl.lit(None, dtype=dtype)
            continue
        first = sources[0]
        raw = pl.col(f"c{first.index}")
        if field.type == "date":
            form = first.format if first.format != "auto" else detect_date_format(_sample(body, first))[0] or "dmy"
            columns[name], columns[f"raw:{name}"] = read_dates(body[f"c{first.index}"], form), raw
        elif field.type == "amount":
            mark = first.format if first.format != "auto" else detect_decimal(_sample(body, first)) or ","
            columns[name], columns[f"raw:{name}"] = amount_exprs(raw, mark), raw
        else:
            texts = [pl.col(f"c{source.index}").str.strip_prefix(TYPED_NUMBER) for source in sources]
            columns[name] = pl.concat_str(texts, separator=" ", ignore_nulls=True)
            if len(texts) > 1:
                columns[name] = pl.when(pl.any_horizontal(t.is_not_null() for t in texts)).then(columns[name])
            else:
                columns[name] = texts[0]
    texts = [pl.col(column).str.strip_prefix(TYPED_NUMBER) for column in body.columns if column != "line"]
    first_text = pl.coalesce(texts) if texts else pl.lit(None, dtype=pl.String)
    return body.select("line", first_text.alias("first_text"), **columns)


def _sample(body: pl.DataFrame, column: ColumnMap) -> list[str]:
    return body[f"c{column.index}"].drop_nulls().head(500).to_list()


def _with_currency(rows: pl.DataFrame, mapping: Mapping, kind: Kind) -> pl.DataFrame:
    own = pl.col("currency").str.strip_chars().str.to_uppercase() if "currency" in kind.fields else None
    named = pl.lit(mapping.currency, dtype=pl.String)
    code = named if own is None else pl.coalesce(own.replace({"€": "EUR", "EUROS": "EUR", "EURO": "EUR"}), named)
    return rows.with_columns(currency=code)


def _with_minor(rows: pl.DataFrame, kind: Kind, mapping: Mapping, issues: Issues) -> pl.DataFrame:
    amounts = [name for name, field in kind.fields.items() if field.type == "amount"]
    if not amounts:
        return rows
    currency = pl.col("currency")
    scales = sorted({EXPONENTS[code] for code in rows["currency"].drop_nulls().unique() if code in EXPONENTS})
    mapped = [name for name in amounts if scales and mapping.of_field(name)]
    typed = rows.with_columns(
        *(pl.col(name).alias(f"number:{name}") for name in amounts),
        *(pl.lit(None, dtype=pl.Int64).alias(name) for name in amounts if name not in mapped),
        **{name: minor_expr(pl.col(name), currency, scales) for name in mapped},
    )
    for name in mapped:
        finer = typed[name].is_null() & typed[f"number:{name}"].is_not_null() & typed["currency"].is_in(list(EXPONENTS))
        if not finer.any():
            continue
        near = rounded_minor_expr(pl.col(f"number:{name}"), currency, scales)
        typed = typed.with_columns(pl.coalesce(name, near))
        issues.add(
            "amount_rounded",
            f"{finer.sum()} amounts are finer than their currency; they were rounded to its smallest unit",
            line=typed.filter(finer)["line"][0],
            severity="warning",
        )
    return _by_sign(typed, kind, mapping, amounts)


def _by_sign(rows: pl.DataFrame, kind: Kind, mapping: Mapping, amounts: list[str]) -> pl.DataFrame:
    """Applies a debit/credit column, and turns all signs where the mapping says so."""
    flips: dict[str, pl.Expr] = {}
    plain = [name for name in amounts if name not in ("debit", "credit", "balance", "credit_limit")]
    if "sign" in kind.fields and mapping.of_field("sign"):
        word = pl.col("sign").str.to_lowercase().str.normalize("NFD").str.replace_all(r"[^a-z+-]", "")
        # Money in is a credit of the bank account; what a customer owes is a debit of theirs.
        minus = DEBIT_WORDS if kind.name == "bank_lines" else CREDIT_WORDS
        plus = CREDIT_WORDS if kind.name == "bank_lines" else DEBIT_WORDS
        for name in plain:
            size = pl.col(name).abs()
            flips[name] = (
                pl.when(word.is_in(list(minus))).then(-size).when(word.is_in(list(plus))).then(size).otherwise(name)
            )
    rows = rows.with_columns(**flips)
    if mapping.sign == "reversed":
        rows = rows.with_columns(-pl.col(name) for name in plain)
    return rows


def _total_lines(rows: pl.DataFrame, kind: Kind) -> pl.Expr:
    """Lines that sum others: they begin with such a word and lack a date or number that a real line has."""
    dates = [name for name, field in kind.fields.items() if field.type == "date" and f"raw:{name}" in rows.columns]
    undated = pl.all_horizontal(pl.col(name).is_null() for name in dates) if dates else pl.lit(True)
    word = pl.col("first_text").str.contains(_TOTAL) | pl.col("first_text").str.contains(_BALANCE_LINE)
    return (word & undated).fill_null(False)


def _faults(rows: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """line, code, what: the first thing that keeps each line from being read."""
    checks: list[pl.Expr] = []
    for name, field in kind.fields.items():
        raw = f"raw:{name}"
        if field.type == "date" and raw in rows.columns and _is_needed(kind, name):
            checks.append(_fault(pl.col(raw).is_not_null() & pl.col(name).is_null(), "date_invalid", pl.col(raw)))
        if field.type == "amount" and raw in rows.columns and kind.money:
            bad = pl.col(raw).is_not_null() & pl.col(f"number:{name}").is_null()
            checks.append(_fault(bad, "amount_invalid", pl.col(raw)))
    for group in kind.needed:
        # An amount counts as there when it could be read as a number, whatever its currency.
        there = [pl.col(f"number:{name}" if f"number:{name}" in rows.columns else name).is_not_null() for name in group]
        checks.append(_fault(~pl.any_horizontal(there), "field_missing", pl.lit(" or ".join(group))))
    if kind.money:
        code = pl.col("currency")
        checks.append(_fault(code.is_null(), "currency_missing", pl.lit("")))
        checks.append(_fault(~code.is_in(list(EXPONENTS)), "currency_unknown", code))
    found = rows.select("line", fault=pl.coalesce(checks)).drop_nulls("fault").unnest("fault")
    return (
        found if found.height else pl.DataFrame(schema={"line": pl.Int64(), "code": pl.String(), "what": pl.String()})
    )


def _is_needed(kind: Kind, name: str) -> bool:
    return any(name in group for group in kind.needed) or name.endswith("due_on")


def _fault(holds: pl.Expr, code: str, what: pl.Expr) -> pl.Expr:
    shown = what.cast(pl.String).str.strip_prefix(TYPED_NUMBER).str.slice(0, 60).fill_null("")
    return pl.when(holds).then(pl.struct(code=pl.lit(code), what=shown))


def _say_faults(faulty: pl.DataFrame, issues: Issues) -> None:
    for (code,), part in faulty.group_by("code", maintain_order=True):
        message, action = _MESSAGES[str(code)]
        shown = 1 if code == "currency_missing" else _ISSUES_OF_A_CODE
        for line, _, what in part.head(shown).iter_rows():
            said = message.format(repr(what) if code != "field_missing" else what)
            lines = f" ({part.height} lines)" if code == "currency_missing" else ""
            issues.add(str(code), said + lines, line=line, action=action)
        if part.height > shown and code != "currency_missing":
            more = part.height - shown
            issues.add(str(code), f"{more} more lines like these; see the rejected lines", action=action)


def _say_unread(good: pl.DataFrame, kind: Kind, issues: Issues) -> None:
    """Amounts beside the point of a kind (a customer's limit) are left out where their currency is not known: the line
    is read, but nobody shall believe that there was no limit."""
    unread = [
        pl.col(f"number:{name}").is_not_null() & pl.col(name).is_null()
        for name in kind.fields
        if f"number:{name}" in good.columns
    ]
    lost = good.filter(pl.any_horizontal(unread)) if unread else good.head(0)
    if not kind.money and lost.height:
        issues.add(
            "currency_missing",
            f"nothing says the currency of the amounts of {lost.height} lines; they were left out",
            line=lost["line"][0],
            severity="warning",
            action=_MESSAGES["currency_missing"][1],
        )


def _say_ambiguous(body: pl.DataFrame, mapping: Mapping, kind: Kind, issues: Issues) -> None:
    for column in mapping.columns:
        if kind.fields[column.field].type != "date" if column.field in kind.fields else True:
            continue
        form, _, ambiguous = detect_date_format(_sample(body, column))
        if form in ("dmy", "mdy") and ambiguous:
            order = "day" if column.format != "mdy" else "month"
            issues.add(
                "date_order_ambiguous",
                f"no date of column {column.heading or column.index + 1} tells day from month; read {order} first",
                line=int(body["line"][0]),
                severity="warning",
                action="Set the column's date format in the mapping if that is wrong.",
            )


def _check_totals(totals: pl.DataFrame, good: pl.DataFrame, kind: Kind, issues: Issues) -> None:
    """A printed total that is neither the sum of all lines nor of those since the last total is an issue."""
    name = kind.total_field
    if name is None or not totals.height or f"raw:{name}" not in [*totals.columns]:
        return
    start = 0
    for line, figure in totals.select("line", name).iter_rows():
        before = good.filter(pl.col("line") < line)
        everything = int(before[name].sum() or 0)
        part = int(before.filter(pl.col("line") > start)[name].sum() or 0)
        start = line
        if figure is not None and figure not in (everything, part):
            currency = next(iter(good["currency"].drop_nulls()), "EUR") if "currency" in good.columns else "EUR"
            printed, above, whole = (to_decimal(minor, currency) for minor in (figure, part, everything))
            issues.add(
                "total_differs",
                f"the printed total is {printed}, the lines above sum to {above} (all: {whole})",
                line=line,
                severity="warning",
                action="Lines may be missing from the export, or were rejected; compare it with the source.",
            )


def _rejected(body: pl.DataFrame, faulty: pl.DataFrame) -> pl.DataFrame:
    if not faulty.height:
        return pl.DataFrame(schema=REJECTED_SCHEMA)
    cells = [pl.col(name).str.strip_prefix(TYPED_NUMBER).fill_null("") for name in body.columns if name != "line"]
    text = pl.concat_str(cells, separator=";")
    return body.join(faulty, on="line", how="inner", maintain_order="left").select("line", text=text, code="code")
