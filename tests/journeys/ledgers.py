"""Small ledgers and statements of our own, written as the files a company has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

Line = tuple[str, str, int, str]  # account, auxiliary, cents (debit positive), letter

_HEADER = (
    "JournalCode\tJournalLib\tEcritureNum\tEcritureDate\tCompteNum\tCompteLib\tCompAuxNum\tCompAuxLib\tPieceRef\t"
    "PieceDate\tEcritureLib\tDebit\tCredit\tEcritureLet\tDateLet\tValidDate\tMontantdevise\tIdevise"
)
IBAN = "FR7630001007941234567890185"


class Ledger:
    """A FEC in the making: `entry` adds a balanced entry, `write` the file."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.lines: list[tuple[str, Line]] = []
        self._number = 0

    def entry(self, journal: str, day: str, piece: str, label: str, lines: Sequence[Line], name: str = "") -> None:
        """One entry; its lines must balance."""
        assert sum(cents for _, _, cents, _ in lines) == 0, piece
        self._number += 1
        for line in lines:
            account, aux, cents, letter = line
            debit, credit = (cents, 0) if cents > 0 else (0, -cents)
            cells = [
                *(journal, name or journal, str(self._number), day, account, account),
                *(aux, f"Client {aux}" if aux else "", piece, day, label, _euros(debit), _euros(credit)),
                *(letter, day if letter else "", day, "", ""),
            ]
            self.rows.append("\t".join(cells))
            self.lines.append((day, line))

    def invoice(self, day: str, aux: str, number: str, cents: int, letter: str = "") -> None:
        """A sale with 20 % VAT."""
        net = cents * 5 // 6
        lines = [("411000", aux, cents, letter), ("707000", "", -net, ""), ("445710", "", net - cents, "")]
        self.entry("VE", day, number, f"Facture {number}", lines)

    def paid(self, day: str, aux: str, text: str, cents: int, letter: str = "") -> None:
        """Money on 512100."""
        self.entry("BQ", day, "VIR", text, [("512100", "", cents, ""), ("411000", aux, -cents, letter)])

    def opening(self, day: str, lines: Sequence[Line]) -> None:
        """The opening entry; 101 takes the difference."""
        total = sum(cents for _, _, cents, _ in lines)
        self.entry("AN", day, "AN", "A nouveau", [*lines, ("101000", "", -total, "")], "A nouveaux")

    def balances(self) -> dict[tuple[str, str], int]:
        """Σ debit − credit of the receivable lines by auxiliary and account: the slow, obvious truth."""
        sums: dict[tuple[str, str], int] = {}
        for _, (account, aux, cents, _) in self.lines:
            if account.startswith(("411", "413", "416", "4191")):
                sums[aux, account] = sums.get((aux, account), 0) + cents
        return {key: cents for key, cents in sums.items() if cents}

    def write(self, folder: Path, name: str) -> Path:
        """The file, under its legal name."""
        path = folder / name
        path.write_text("\r\n".join([_HEADER, *self.rows, ""]), encoding="utf-8")
        return path


def camt(folder: Path, name: str, opening: int, entries: Sequence[tuple[str, int, str]]) -> Path:
    """A camt.053 of IBAN: (ISO day, cents, text) an entry."""
    closing = opening + sum(cents for _, cents, _ in entries)
    first, last = entries[0][0], entries[-1][0]
    body = "".join(
        f"<Ntry><Amt Ccy='EUR'>{abs(cents) / 100:.2f}</Amt><CdtDbtInd>{'CRDT' if cents > 0 else 'DBIT'}</CdtDbtInd>"
        f"<Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt><NtryDtls><TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf>"
        "</TxDtls></NtryDtls></Ntry>"
        for day, cents, text in entries
    )
    balance = (
        "<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy='EUR'>{:.2f}</Amt><CdtDbtInd>CRDT</CdtDbtInd>"
        "<Dt><Dt>{}</Dt></Dt></Bal>"
    )
    path = folder / name
    path.write_text(
        "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><BkToCstmrStmt><Stmt><Id>1</Id>"
        f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        + balance.format("OPBD", opening / 100, first)
        + balance.format("CLBD", closing / 100, last)
        + body
        + "</Stmt></BkToCstmrStmt></Document>",
        encoding="utf-8",
    )
    return path


def _euros(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"
