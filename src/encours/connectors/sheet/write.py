"""Writing the exports an ERP gives: customers, open items, aged balance, as French CSV and XLSX."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import xlsxwriter

from encours.core.base.book import Book
from encours.core.base.money import EXPONENTS

#: Upper limits in days of the aged balance's columns, and their headings.
_BANDS = (("1-30 jours", 1, 30), ("31-60 jours", 31, 60), ("61-90 jours", 61, 90), ("Plus de 90 jours", 91, 10**6))


def write_open_items_snapshot(book: Book, day: date, path: Path) -> None:
    """The open items of `day`, as known that day, as an ERP's daily export.

    One line an open item and, negative, one a receipt that stands unapplied on a customer's account. Columns: Code
    client, Client, Pièce, N° échéance, Type, Compte général, Date pièce, Date échéance, Montant initial,
    Montant restant dû, Devise. `path` ends in .csv (semicolon, decimal comma, UTF-8 with byte-order mark) or .xlsx.
    """
    write_table(open_items_table(book, day), path, sheet="Postes ouverts")


def open_items_table(book: Book, day: date) -> pl.DataFrame:
    """The table that `write_open_items_snapshot` writes: amounts as Int64 minor units, dates as dates."""
    known = book.as_of(day)
    names = known.customers.select("customer_id", "name")
    items = known.open_items().filter(pl.col("open") != 0).join(names, on="customer_id", how="left")
    kinds = {"invoice": "Facture", "credit_note": "Avoir", "retention": "Retenue", "opening": "À-nouveau"}
    owed = items.select(
        _code().alias("Code client"),
        pl.col("name").alias("Client"),
        pl.col("number").alias("Pièce"),
        pl.col("part").alias("N° échéance"),
        pl.col("kind").replace(kinds).alias("Type"),
        pl.col("ledger_account").alias("Compte général"),
        pl.col("issued_on").alias("Date pièce"),
        pl.col("due_on").alias("Date échéance"),
        pl.col("amount").alias("Montant initial"),
        pl.col("open").alias("Montant restant dû"),
        pl.col("currency").alias("Devise"),
    )
    free = known.unapplied_receipts().filter((pl.col("unapplied") != 0) & pl.col("customer_id").is_not_null())
    held = free.join(names, on="customer_id", how="left").select(
        _code().alias("Code client"),
        pl.col("name").alias("Client"),
        pl.col("receipt_id").str.replace(r"^[^:]*:", "").alias("Pièce"),
        pl.lit(None, dtype=pl.String).alias("N° échéance"),
        pl.lit("Règlement").alias("Type"),
        pl.coalesce("ledger_account", pl.lit("411000")).alias("Compte général"),
        pl.col("booked_on").alias("Date pièce"),
        pl.col("booked_on").alias("Date échéance"),
        (-pl.col("amount")).alias("Montant initial"),
        (-pl.col("unapplied")).alias("Montant restant dû"),
        pl.col("currency").alias("Devise"),
    )
    return pl.concat([owed, held]).sort("Code client", "Date échéance", "Pièce", "N° échéance")


def customers_table(book: Book, profile: pl.DataFrame | None = None) -> pl.DataFrame:
    """Code client, Raison sociale, SIREN, N° TVA, Type, Conditions, Mode de règlement, Plafond, Gestionnaire, E-mail…

    `profile`: customer_id, terms, method, of what the Book does not hold.
    """
    now = book.current()
    mail = now.contacts.filter(pl.col("role") == "accounts_payable").select("customer_id", "email")
    frame = now.customers.join(mail, on="customer_id", how="left", maintain_order="left")
    extra = profile if profile is not None else pl.DataFrame(schema={"customer_id": pl.String})
    frame = frame.join(
        extra.select("customer_id", *_present(extra)), on="customer_id", how="left", maintain_order="left"
    )
    for name in ("terms", "method"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    iban = now.payer_aliases.filter(pl.col("kind") == "iban").select("customer_id", iban="value")
    iban = iban.unique("customer_id", keep="first", maintain_order=True)
    frame = frame.join(iban, on="customer_id", how="left", maintain_order="left")
    currency = book.entities["currency"][0] if book.entities.height else None
    payer = now.customer_links.filter(pl.col("role") == "payer").select("customer_id", payer="other_id")
    frame = frame.join(payer, on="customer_id", how="left", maintain_order="left")
    kinds = {"business": "Entreprise", "consumer": "Particulier", "public": "Public"}
    return frame.select(
        _code().alias("Code client"),
        pl.col("name").alias("Raison sociale"),
        pl.col("legal_id").alias("SIREN"),
        pl.col("vat_id").alias("N° TVA"),
        pl.col("kind").replace(kinds).alias("Type de client"),
        pl.col("terms").alias("Conditions de règlement"),
        pl.col("method").replace(METHODS_FR).alias("Mode de règlement"),
        pl.col("credit_limit").alias("Plafond d'encours"),
        pl.col("collector").alias("Gestionnaire"),
        pl.col("sales_owner").alias("Commercial"),
        pl.col("email").alias("E-mail comptabilité"),
        pl.col("payer").str.replace(r"^[^:]*:", "").alias("Compte payeur"),
        pl.col("created_on").alias("Date de création"),
        pl.col("iban").alias("IBAN"),
        pl.lit(currency).alias("Devise"),
    )


#: How an ERP prints means of payment.
METHODS_FR = {
    "transfer": "Virement",
    "cheque": "Chèque",
    "lcr": "LCR",
    "direct_debit": "Prélèvement",
    "card": "Carte bancaire",
}


def _present(frame: pl.DataFrame) -> list[str]:
    return [name for name in ("terms", "method") if name in frame.columns]


def aged_balance_table(book: Book, day: date) -> pl.DataFrame:
    """Code client, Client, Non échu, 1-30 jours … Plus de 90 jours, Avoirs et règlements, Solde: as known on `day`."""
    rows = open_items_table(book, day).with_columns(late=(pl.lit(day) - pl.col("Date échéance")).dt.total_days())
    rest = pl.col("Montant restant dû")
    owed = rest > 0
    bands = [rest.filter(owed & (pl.col("late") <= 0)).sum().alias("Non échu")]
    bands += [rest.filter(owed & pl.col("late").is_between(low, high)).sum().alias(name) for name, low, high in _BANDS]
    return (
        rows.group_by("Code client", "Client", "Devise")
        .agg(*bands, rest.filter(~owed).sum().alias("Avoirs et règlements"), rest.sum().alias("Solde"))
        .sort("Code client")
    )


def _code() -> pl.Expr:
    return pl.col("customer_id").str.replace(r"^[^:]*:", "")


def write_table(frame: pl.DataFrame, path: Path, *, sheet: str = "Feuil1") -> None:
    """A table as .csv or .xlsx. Int64 columns are minor units of the row's `Devise` (EUR where there is none)."""
    if path.suffix == ".xlsx":
        _write_xlsx(frame, path, sheet)
        return
    text = _printed(frame).write_csv(separator=";", line_terminator="\r\n", null_value="", quote_style="necessary")
    path.write_bytes(text.encode("utf-8-sig"))


def _printed(frame: pl.DataFrame) -> pl.DataFrame:
    """Amounts with a decimal comma, dates as 31/12/2026."""
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if dtype == pl.Date:
            column = column.dt.strftime("%d/%m/%Y")
        elif dtype.is_integer():
            column = _comma(column, _scales(frame))
        columns.append(column.alias(name))
    return frame.select(columns)


def _scales(frame: pl.DataFrame) -> pl.Expr:
    if "Devise" not in frame.columns:
        return pl.lit(2)
    return pl.col("Devise").replace_strict(EXPONENTS, default=2, return_dtype=pl.Int64)


def _comma(minor: pl.Expr, scale: pl.Expr) -> pl.Expr:
    unit = pl.lit(10).pow(scale).cast(pl.Int64)
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole = (minor.abs() // unit).cast(pl.String)
    cents = (minor.abs() % unit).cast(pl.String).str.pad_start(4, "0").str.slice(pl.lit(4) - scale)
    return sign + whole + pl.when(scale > 0).then(pl.lit(",") + cents).otherwise(pl.lit(""))


def _write_xlsx(frame: pl.DataFrame, path: Path, sheet: str) -> None:
    """The same as a workbook: real dates and numbers, text where ids have leading zeros."""
    scale = 2 if "Devise" not in frame.columns else None
    currencies = frame["Devise"].to_list() if scale is None else []
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        page = book.add_worksheet(sheet)
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        money = book.add_format({"num_format": "#,##0.00"})
        page.write_row(0, 0, frame.columns, bold)
        for number, row in enumerate(frame.iter_rows(), start=1):
            power = 10 ** (scale if scale is not None else EXPONENTS.get(currencies[number - 1], 2))
            for column, value in enumerate(row):
                if isinstance(value, date):
                    page.write_datetime(number, column, value, day)
                elif isinstance(value, int):
                    page.write_number(number, column, value / power, money)
                elif value is not None:
                    page.write_string(number, column, value)
