"""Writing OFX 1.02 statements, as a French bank's web site gives them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from encours.core.base.money import to_decimal

_HEADER = (
    "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n"
    "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
)
_TYPES = {"direct_debit": "DIRECTDEBIT", "cheque": "CHECK", "card": "POS", "cash": "CASH", "transfer": "XFER"}
_NAME_MAX, _MEMO_MAX = 32, 255


def write_ofx(statement: dict[str, Any], receipts: pl.DataFrame, path: Path) -> None:
    """One statement of the Book and its receipts; receipts of one `line_id` become one transaction.

    `statement`: a row of the Book's statements; a French IBAN is written as bank, branch and account.
    """
    account, currency = statement["account"], statement["currency"]
    if account.startswith("FR"):
        number = f"<BANKID>{account[4:9]}<BRANCHID>{account[9:14]}<ACCTID>{account[14:25]}<ACCTTYPE>CHECKING"
    else:
        number = f"<BANKID>0<ACCTID>{account}<ACCTTYPE>CHECKING"
    start, end = (f"{statement[name]:%Y%m%d}" for name in ("from_on", "to_on"))
    text = (
        f"{_HEADER}<OFX>\r\n<SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>{end}<LANGUAGE>FRA"
        "</SONRS></SIGNONMSGSRSV1>\r\n<BANKMSGSRSV1><STMTTRNRS><TRNUID>0<STATUS><CODE>0<SEVERITY>INFO</STATUS>\r\n"
        f"<STMTRS><CURDEF>{currency}<BANKACCTFROM>{number}</BANKACCTFROM>\r\n"
        f"<BANKTRANLIST><DTSTART>{start}<DTEND>{end}\r\n{''.join(_transactions(receipts))}</BANKTRANLIST>\r\n"
        f"<LEDGERBAL><BALAMT>{to_decimal(statement['closing'], currency):f}<DTASOF>{end}</LEDGERBAL>\r\n"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\r\n"
    )
    path.write_bytes(text.encode("cp1252", errors="replace"))


def _transactions(receipts: pl.DataFrame) -> Iterator[str]:
    key = "line_id" if "line_id" in receipts.columns else "receipt_id"
    rows = receipts.sort("booked_on", key, maintain_order=True).iter_rows(named=True)
    for _, group in groupby(rows, key=lambda row: row[key]):
        details = list(group)
        row, total = details[0], sum(detail["amount"] for detail in details)
        kind = _TYPES.get(row["kind"]) if total >= 0 else None
        whole = row["remittance"] or ""
        shown = (row["payer_name"] or whole or "OPERATION")[:_NAME_MAX]
        name, memo = escape(shown), escape(whole.removeprefix(shown).strip()[:_MEMO_MAX])
        yield (
            f"<STMTTRN><TRNTYPE>{kind or ('CREDIT' if total >= 0 else 'DEBIT')}<DTPOSTED>{row['booked_on']:%Y%m%d}"
            f"<TRNAMT>{to_decimal(total, row['currency']):f}<FITID>{row['receipt_id'].rpartition(':')[2]}"
            f"<NAME>{name}{f'<MEMO>{memo}' if memo else ''}</STMTTRN>\r\n"
        )
