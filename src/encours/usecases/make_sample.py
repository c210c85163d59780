"""Invents a company and writes it: the book with its truth, and the files that such a company really has."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from encours.connectors.book_folder.write import write_book
from encours.connectors.camt.write import write_camt053
from encours.connectors.cfonb120.write import write_cfonb120
from encours.connectors.einvoice.write import InvoiceWritten, PartyWritten, write_einvoice
from encours.connectors.fec.write import file_name, write_fec
from encours.connectors.mt940.write import write_mt940
from encours.connectors.ofx.write import write_ofx
from encours.connectors.sheet.write import (
    aged_balance_table,
    customers_table,
    open_items_table,
    write_open_items_snapshot,
    write_table,
)
from encours.core.base.days import add_months
from encours.core.sample.company import sample_company
from encours.core.sample.options import Sample, SampleOptions

#: The account that changes from camt.053.001.02 to .08 does so this many months before the last day.
_MIGRATION_MONTHS = 12
#: How many e-invoices are written: the newest.
_INVOICES = 90


@dataclass(frozen=True)
class SampleMade:
    """What was written: the sample, and the files by kind."""

    sample: Sample
    files: dict[str, list[Path]] = field(default_factory=dict)


def make_sample(
    out: Path,
    options: SampleOptions,
    *,
    files: bool = False,
    file_format: str = "parquet",
    say: Callable[[str], None] = lambda step: None,
) -> SampleMade:
    """Writes the sample company into `out` as a book folder with `truth_*` tables beside, and into `out`/files.

    `say` hears the name of each step. Raises CallError for impossible options or formats.
    """
    say("inventing the company")
    sample = sample_company(options, with_journal=files)
    say("writing the book")
    write_book(sample.book, out, file_format)
    for name, frame in {**sample.truth, "truth_customers": sample.profile}.items():
        target = out / f"{name}.{file_format}"
        if file_format == "parquet":
            frame.write_parquet(target)
        else:
            frame.write_csv(target)
    if not files:
        return SampleMade(sample)
    return SampleMade(sample, write_files(sample, out / "files", options.last_day, say))


def write_files(
    sample: Sample, folder: Path, last_day: date, say: Callable[[str], None] = lambda step: None
) -> dict[str, list[Path]]:
    """FEC, bank statements and ERP exports of a sample, in folders by department; what stood there is replaced."""
    if folder.exists():
        shutil.rmtree(folder)
    written: dict[str, list[Path]] = {}
    for kind, write in _WRITERS.items():
        say(f"writing {kind}")
        place = folder / kind
        place.mkdir(parents=True)
        written[kind] = write(sample, place, last_day)
    return written


def _ledger(sample: Sample, folder: Path, last_day: date) -> list[Path]:
    """One FEC a fiscal year; the running year's bears the last day."""
    siren = str(sample.book.entities["legal_id"][0])
    paths = []
    for year in sample.journal["fiscal_year"].unique().sort().to_list():
        path = folder / file_name(siren, min(date(year, 12, 31), last_day))
        write_fec(sample.journal.filter(pl.col("fiscal_year") == year), path)
        paths.append(path)
    return paths


def _bank(sample: Sample, folder: Path, last_day: date) -> list[Path]:
    """Each account's monthly statements, in the format of its bank."""
    receipts = sample.book.receipts.join(sample.bank_lines, on="receipt_id", how="left", maintain_order="left")
    by_statement = receipts.partition_by("statement_id", as_dict=True)
    empty = receipts.clear()
    owner = str(sample.book.entities["name"][0])
    migrated = add_months(last_day.replace(day=1), 1 - _MIGRATION_MONTHS)
    accounts = {row["account"]: row for row in sample.bank_accounts.iter_rows(named=True)}
    paths = []
    for statement in sample.book.statements.iter_rows(named=True):
        bank = accounts[statement["account"]]
        rows = by_statement.get((statement["statement_id"],), empty)
        stem = f"{bank['name'].replace(' ', '-')}-{statement['to_on']:%Y-%m}"
        if bank["channel"] == "camt":
            version = "08" if statement["to_on"] >= migrated else "02"
            path = folder / f"{stem}.camt053.xml"
            write_camt053(statement, rows, path, version=version, owner=owner, bic=bank["bic"])
        else:
            suffix, write = _FORMATS[bank["channel"]]
            path = folder / f"{stem}.{suffix}"
            write(statement, rows, path)
        paths.append(path)
    return paths


#: channel -> suffix and writer of its statements.
_FORMATS: dict[str, tuple[str, Callable[[dict[str, Any], pl.DataFrame, Path], None]]] = {
    "cfonb140": ("cfonb120.txt", write_cfonb120),
    "cfonb31": ("cfonb120.txt", partial(write_cfonb120, complements=False)),
    "mt940": ("mt940.sta", write_mt940),
    "ofx": ("ofx", write_ofx),
}


def _exports(sample: Sample, folder: Path, last_day: date) -> list[Path]:
    """Customers, open items and aged balance of the last day, each as CSV and as XLSX."""
    tables = {
        "clients": customers_table(sample.book, sample.profile),
        f"postes-ouverts-{last_day}": open_items_table(sample.book, last_day),
        f"balance-agee-{last_day}": aged_balance_table(sample.book, last_day),
    }
    paths = [folder / f"{name}.{suffix}" for name in tables for suffix in ("csv", "xlsx")]
    for path in paths:
        write_table(tables[path.stem], path)
    return paths


def _invoices(sample: Sample, folder: Path, last_day: date) -> list[Path]:
    """The last e-invoices to businesses, in turn as CII, UBL and, where factur-x is installed, Factur-X."""
    syntaxes = ["cii.xml", "ubl.xml"] + (["facturx.pdf"] if find_spec("facturx") else [])
    paths = []
    for place, invoice in enumerate(_last_invoices(sample)):
        suffix = syntaxes[place % len(syntaxes)]
        path = folder / f"{invoice.number}.{suffix}"
        write_einvoice(invoice, path, suffix.partition(".")[0])
        paths.append(path)
    return paths


def _last_invoices(sample: Sample) -> Iterator[InvoiceWritten]:
    """Documents with a single due date, newest last."""
    book = sample.book.current()
    entity = book.entities.row(0, named=True)
    seller = PartyWritten(entity["name"], entity["legal_id"], french_vat(entity["legal_id"]))
    items = book.items.group_by("number").agg(pl.col("due_on").first(), pl.col("order_ref").first(), parts=pl.len())
    buyers = book.customers.filter(pl.col("kind") == "business").select("customer_id", "name", "legal_id", "vat_id")
    rows = (
        sample.invoices.join(items.filter(pl.col("parts") == 1).drop("order_ref"), on="number")
        .join(buyers, on="customer_id")
        .filter(~pl.col("number").str.starts_with("AC"))
        .sort("issued_on", "number")
        .tail(_INVOICES)
    )
    account = str(sample.bank_accounts["account"][0])
    for row in rows.iter_rows(named=True):
        yield InvoiceWritten(
            number=row["number"],
            issued_on=row["issued_on"],
            due_on=row["due_on"],
            currency=entity["currency"],
            seller=seller,
            buyer=PartyWritten(row["name"], row["legal_id"], row["vat_id"]),
            net=row["net"],
            vat=row["vat"],
            vat_rate=row["vat_rate"],
            label="Fournitures et prestations",
            credits=row["credits_number"],
            purchase_order=f"CDE{row['order_ref']}",
            iban=account,
        )


def french_vat(siren: str) -> str:
    """The VAT id of a SIREN: FR, (12 + 3·(SIREN mod 97)) mod 97, SIREN."""
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def write_snapshots(sample: Sample, folder: Path, days: Iterable[date]) -> list[Path]:
    """The ERP's open-items export of each day, as known that day: `postes-ouverts-<day>.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for day in days:
        paths.append(folder / f"postes-ouverts-{day}.csv")
        write_open_items_snapshot(sample.book, day, paths[-1])
    return paths


#: folder -> who fills it.
_WRITERS: dict[str, Callable[[Sample, Path, date], list[Path]]] = {
    "comptabilite": _ledger,
    "banque": _bank,
    "exports": _exports,
    "factures": _invoices,
}
