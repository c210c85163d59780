"""A FEC of a million lines into a book: sales with VAT, transfers that pay several invoices, purchases, letters."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import IO

import numpy as np

from benchmarks.harness import Figure, arguments, measure, report

_HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise\n"
)
_FIRST = date(2024, 1, 1)


def write_fec(path: str, lines: int, seed: int = 7) -> dict[str, int]:
    """A believable ledger of about `lines` lines: 45 % sales, 25 % receipts, 30 % purchases; returns its counts."""
    draw = np.random.default_rng(seed)
    sales = max(1, int(lines * 0.15))
    customers = max(1, sales // 50)
    written = 0
    with Path(path).open("w", encoding="utf-8") as file:
        file.write(_HEADER)
        letters: dict[int, str] = {}
        unpaid: dict[int, list[tuple[int, int]]] = {}
        for number in range(1, sales + 1):
            day = _FIRST + timedelta(days=int(number * 360 / sales))
            customer, cents = int(draw.integers(customers)), int(draw.integers(1_000, 900_000))
            vat = cents // 6
            text = f"{day:%Y%m%d}"
            row = (
                f"VE\tVentes\t{number}\t{text}\t%s\tF{number:07d}\t{text}\tFacture F{number:07d}\t%s\t%s\t{text}\t\t\n"
            )
            paid = unpaid.setdefault(customer, [])
            letter = letters.setdefault(customer, f"L{number}")
            group = f"{letter}\t{text}" if customer % 8 else "\t"
            file.write(row % (f"411000\tClients\tC{customer:06d}\tClient {customer}", f"{_euros(cents)}\t0,00", group))
            file.write(row % ("707000\tVentes de marchandises\t\t", f"0,00\t{_euros(cents - vat)}", "\t"))
            file.write(row % ("445710\tTVA collectée\t\t", f"0,00\t{_euros(vat)}", "\t"))
            written += 3
            paid.append((cents, number))
            if len(paid) >= 3:
                written += _receipt(file, number, customer, text, paid, group)
                paid.clear()
                letters.pop(customer)
            if number % 2 == 0:
                written += _purchase(file, number, text, cents)
    return {"lines": written, "sales": sales}


def _receipt(file: IO[str], number: int, customer: int, text: str, paid: list[tuple[int, int]], group: str) -> int:
    row = f"BQ\tBanque\tB{number}\t{text}\t%s\tVIR{number}\t{text}\tVIR CLIENT {customer}\t%s\t%s\t{text}\t\t\n"
    for cents, _ in paid:
        file.write(row % (f"411000\tClients\tC{customer:06d}\tClient {customer}", f"0,00\t{_euros(cents)}", group))
    file.write(row % ("512100\tBanque\t\t", f"{_euros(sum(cents for cents, _ in paid))}\t0,00", "\t"))
    return len(paid) + 1


def _purchase(file: IO[str], number: int, text: str, cents: int) -> int:
    row = f"AC\tAchats\tA{number}\t{text}\t%s\tA{number}\t{text}\tFournisseur {number % 400}\t%s\t\t\t{text}\t\t\n"
    vat = cents // 6
    file.write(row % ("607000\tAchats\t\t", f"{_euros(cents - vat)}\t0,00"))
    file.write(row % ("445660\tTVA déductible\t\t", f"{_euros(vat)}\t0,00"))
    file.write(row % (f"401000\tFournisseurs\tF{number % 400}\tF {number % 400}", f"0,00\t{_euros(cents)}"))
    file.write(row % (f"401000\tFournisseurs\tF{number % 400}\tF {number % 400}", f"{_euros(cents)}\t0,00"))
    file.write(row % ("512100\tBanque\t\t", f"0,00\t{_euros(cents)}"))
    return 5


def _euros(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def read_fec(path: str) -> dict[str, int]:
    """The file as a Book; rows of its tables."""
    from encours.connectors.base.contract import Options, Source
    from encours.connectors.fec import CONNECTOR
    from encours.core.base.book import Book

    reading = CONNECTOR.read(Source.of(Path(path)), Options())
    book = Book.of(**reading.tables)
    errors = reading.issues.filter(reading.issues["severity"] == "error").height
    return {name: frame.height for name, frame in book.tables().items() if frame.height} | {"errors": errors}


def main(argv: list[str] | None = None) -> int:
    """Writes the file, reads it in a process of its own, prints CPU and memory beside their bars."""
    call = arguments("FEC of a million lines into a book", argv)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "123456789FEC20241231.txt")
        wrote = write_fec(path, call.scaled(1_000_000))
        run = measure(read_fec, path)
        size_mb = Path(path).stat().st_size / 1e6
    figures = [
        Figure("CPU time", run.cpu_seconds, "s", at_most=6),
        Figure("peak memory", run.peak_mb, "MB", at_most=1_500),
        Figure("wall time", run.wall_seconds, "s"),
        Figure("file", size_mb, "MB"),
        Figure("lines", wrote["lines"]),
        *(Figure(name, count) for name, count in run.value.items()),
    ]
    return report(call, figures)


if __name__ == "__main__":
    raise SystemExit(main())
