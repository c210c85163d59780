"""Bank statements of 100,000 entries into a book: camt.053 beside its bar, the other bank formats beside it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.harness import Figure, arguments, measure, report
from encours.connectors.base.contract import Options, Source, connectors
from encours.core.base.book import Book

_IBAN = "FR7630999004010001234567850"
_DIGITS = "{ABCDEFGHI"
_PER_DAY = 400


def write_camt(path: Path, entries: int) -> int:
    """A camt.053.001.08 of SEPA transfers with all the elements banks fill; returns its total in cents."""
    total = sum(_cents(number) for number in range(entries))
    with path.open("w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
            "<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-12-31T06:00:00</CreDtTm></GrpHdr><Stmt><Id>S1</Id>"
            f"<ElctrncSeqNb>1</ElctrncSeqNb><Acct><Id><IBAN>{_IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
            + _balance("OPBD", 0)
            + _balance("CLBD", total)
        )
        for number in range(entries):
            file.write(_entry(number))
        file.write("</Stmt></BkToCstmrStmt></Document>\n")
    return total


def _cents(number: int) -> int:
    return number * 7919 % 900_000 + 1


def _day(number: int) -> tuple[int, int]:
    index = number // _PER_DAY
    return index // 28 % 12 + 1, index % 28 + 1


def _balance(code: str, cents: int) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{cents / 100:.2f}</Amt>"
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-12-31</Dt></Dt></Bal>"
    )


def _entry(number: int) -> str:
    month, day = _day(number)
    cents, payer = _cents(number), number * 31 % 20_000
    return (
        f"<Ntry><NtryRef>{number}</NtryRef><Amt Ccy='EUR'>{cents // 100}.{cents % 100:02d}</Amt>"
        f"<CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-{month:02d}-{day:02d}</Dt></BookgDt>"
        f"<ValDt><Dt>2026-{month:02d}-{day:02d}</Dt></ValDt><AcctSvcrRef>REF{number:09d}</AcctSvcrRef>"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>PAY-{number}</EndToEndId></Refs><RltdPties>"
        f"<Dbtr><Pty><Nm>Client {payer}</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>FR76{payer:023d}</IBAN></Id></DbtrAcct>"
        f"</RltdPties><RmtInf><Ustrd>Facture FA-2026-{number:06d} et FA-2026-{number + 1:06d}</Ustrd></RmtInf>"
        "</TxDtls></NtryDtls></Ntry>\n"
    )


def write_cfonb120(path: Path, entries: int) -> int:
    """The same lines as a CFONB120 statement with two complements each."""
    total = sum(_cents(number) for number in range(entries))
    with path.open("w", encoding="ascii") as file:
        file.write(_record("01", "    ", "  ", "311225", "", 0))
        for number in range(entries):
            month, day = _day(number)
            date = f"{day:02d}{month:02d}26"
            text = f"{date}VIR SEPA CLIENT {number * 31 % 20_000}"
            file.write(_record("04", "    ", "18", date + "  ", text, _cents(number), f"REF{number:09d}"))
            head = f"0530999    00401EUR2 0001234567818{date}     "
            file.write(f"{head}NPYCLIENT {number * 31 % 20_000}".ljust(120) + "\n")
            file.write(f"{head}LCCFA-2026-{number:06d}/FA-2026-{number + 1:06d}".ljust(120) + "\n")
        file.write(_record("07", "    ", "  ", "311226", "", total))
    return total


def _record(code: str, own: str, operation: str, date: str, text: str, cents: int, reference: str = "") -> str:
    amount = f"{cents:014d}"
    head = f"{code}30999{own}00401EUR2 00012345678{operation}{date}{text}".ljust(90)
    return f"{head}{amount[:-1]}{_DIGITS[int(amount[-1])]}{reference}".ljust(120) + "\n"


def write_mt940(path: Path, entries: int) -> int:
    """The same lines as one MT940 message with German details."""
    total = sum(_cents(number) for number in range(entries))
    with path.open("w", encoding="ascii") as file:
        file.write(f":20:S1\n:25:{_IBAN}\n:28C:1/1\n:60F:C251231EUR0,00\n")
        for number in range(entries):
            month, day = _day(number)
            amount = f"{_cents(number) // 100},{_cents(number) % 100:02d}"
            file.write(
                f":61:26{month:02d}{day:02d}{month:02d}{day:02d}C{amount}NTRFNONREF//REF{number:09d}\n"
                f":86:166?00VIREMENT?20EREF+PAY-{number}?21SVWZ+FA-2026-{number:06d}?32CLIENT {number * 31 % 20_000}\n"
            )
        file.write(f":62F:C261231EUR{total // 100},{total % 100:02d}\n-\n")
    return total


def write_ofx(path: Path, entries: int) -> int:
    """The same lines as OFX 1."""
    with path.open("w", encoding="ascii") as file:
        file.write(
            "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM>"
            "<BANKID>30999<BRANCHID>00401<ACCTID>00012345678</BANKACCTFROM><BANKTRANLIST>\n"
        )
        for number in range(entries):
            month, day = _day(number)
            file.write(
                f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>2026{month:02d}{day:02d}<TRNAMT>{_cents(number) / 100:.2f}"
                f"<FITID>REF{number:09d}<NAME>VIR CLIENT {number * 31 % 20_000}<MEMO>FA-2026-{number:06d}</STMTTRN>\n"
            )
        file.write("</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n")
    return sum(_cents(number) for number in range(entries))


def read_book(name: str, path: str) -> dict[str, object]:
    """Reads the file into a Book; returns what a check needs."""
    reading = connectors()[name].read(Source.of(Path(path)), Options())
    book = Book.of(receipts=reading.tables["receipts"], statements=reading.tables["statements"])
    return {
        "receipts": book.receipts.height,
        "ids": book.receipts["receipt_id"].n_unique(),
        "total": int(book.receipts["amount"].sum()),
        "balanced": book.statements["balanced"].to_list(),
        "issues": reading.issues.height,
    }


_WRITERS = {"camt": write_camt, "cfonb120": write_cfonb120, "mt940": write_mt940, "ofx": write_ofx}


def main(argv: list[str] | None = None) -> int:
    """Writes the files, reads each in a process of its own, and holds what was read against what was written."""
    call = arguments("Bank statements of 100,000 entries into a book", argv)
    entries = call.scaled(100_000)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for name, write in _WRITERS.items():
            path = Path(folder) / name
            total = write(path, entries)
            run = measure(read_book, name, str(path))
            right = run.value["receipts"] == run.value["ids"] == entries and run.value["total"] == total
            # The bar is camt's; the other formats are shown beside it.
            bars = (5.0, 200.0) if name == "camt" else (None, None)
            figures += [
                Figure(f"{name}: CPU time", round(run.cpu_seconds, 2), "s", at_most=bars[0]),
                Figure(f"{name}: peak memory", round(run.peak_mb), "MB", at_most=bars[1]),
                Figure(f"{name}: entries that came out right", entries if right else 0, at_least=entries),
                Figure(f"{name}: size of the file", round(path.stat().st_size / 1024**2, 1), "MB"),
            ]
    return report(call, figures)


if __name__ == "__main__":
    raise SystemExit(main())
