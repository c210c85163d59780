"""Writing camt.053 statements, versions 001.02 and 001.08: one file a statement, deposits as entries with details."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from encours.core.base.money import to_decimal

#: kind of receipt -> (family, sub-family) of a credit and of a debit in ISO 20022's domain PMNT.
_CODES = {
    "transfer": ("RCDT", "ESCT", "ICDT", "ESCT"),
    "direct_debit": ("IDDT", "ESDD", "IDDT", "UPDD"),
    "cheque": ("RCHQ", "CCHQ", "RCHQ", "UPCQ"),
    "draft": ("DRFT", "STAM", "DRFT", "UDFT"),
    "card": ("MCRD", "POSP", "MCRD", "POSP"),
    "return": ("IDDT", "UPDD", "IDDT", "UPDD"),
    "out": ("ICDT", "ESCT", "ICDT", "ESCT"),
    "cash": ("CNTR", "CDPT", "CNTR", "CWDL"),
}
VERSIONS = ("02", "08")


def write_camt053(
    statement: dict[str, Any],
    receipts: pl.DataFrame,
    path: Path,
    *,
    version: str = "08",
    owner: str = "",
    bic: str = "",
) -> None:
    """One statement of the Book and its receipts as camt.053.001.<version>.

    `statement`: a row of the Book's statements. `receipts`: the Book's receipts of it; a column `line_id`, where there,
    names the entry that a receipt is a detail of. Amounts are in the statement's currency.
    """
    if version not in VERSIONS:
        raise ValueError(f"camt.053 version {version!r} is not one of {', '.join(VERSIONS)}")
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{_id(statement)}</MsgId><CreDtTm>{statement['to_on']}T22:00:00</CreDtTm></GrpHdr>"
        f"<Stmt><Id>{_id(statement)}</Id>"
        f"<CreDtTm>{statement['to_on']}T22:00:00</CreDtTm>"
        f"<FrToDt><FrDtTm>{statement['from_on']}T00:00:00</FrDtTm><ToDtTm>{statement['to_on']}T23:59:59</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>{statement['account']}</IBAN></Id><Ccy>{statement['currency']}</Ccy>"
        f"{_owner(owner)}{_bank(bic, version)}</Acct>"
        + _balance("OPBD", statement["opening"], statement["from_on"], statement["currency"])
        + _balance("CLBD", statement["closing"], statement["to_on"], statement["currency"])
    )
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(head + "\n")
        for entry in _entries(receipts, version):
            file.write(entry + "\n")
        file.write("</Stmt></BkToCstmrStmt></Document>\n")


def _id(statement: dict[str, Any]) -> str:
    """A message id of 35 characters at most: the account's end and the month."""
    return f"{statement['account'][-18:]}-{statement['to_on']:%Y%m%d}"


def _owner(owner: str) -> str:
    return f"<Ownr><Nm>{escape(owner[:70])}</Nm></Ownr>" if owner else ""


def _bank(bic: str, version: str) -> str:
    if not bic:
        return ""
    tag = "BIC" if version == "02" else "BICFI"
    return f"<Svcr><FinInstnId><{tag}>{bic}</{tag}></FinInstnId></Svcr>"


def _balance(code: str, minor: int, day: date, currency: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(minor, currency)}<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _amount(minor: int, currency: str) -> str:
    sign = "CRDT" if minor >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{to_decimal(abs(minor), currency):f}</Amt><CdtDbtInd>{sign}</CdtDbtInd>'


def _entries(receipts: pl.DataFrame, version: str) -> Iterator[str]:
    key = "line_id" if "line_id" in receipts.columns else "receipt_id"
    rows = receipts.sort("booked_on", key, maintain_order=True).iter_rows(named=True)
    for line_id, details in groupby(rows, key=lambda row: row[key]):
        yield _entry(line_id, list(details), version)


def _entry(line_id: str, details: list[dict[str, Any]], version: str) -> str:
    first = details[0]
    total = sum(row["amount"] for row in details)
    status = "<Sts>BOOK</Sts>" if version == "02" else "<Sts><Cd>BOOK</Cd></Sts>"
    reference = line_id.rpartition(":")[2][:35] if len(details) == 1 else f"{first['booked_on']:%Y%m%d}-{first['kind']}"
    batch = f"<Btch><NbOfTxs>{len(details)}</NbOfTxs></Btch>" if len(details) > 1 else ""
    value = first["value_on"] or first["booked_on"]
    return (
        f"<Ntry>{_amount(total, first['currency'])}{status}<BookgDt><Dt>{first['booked_on']}</Dt></BookgDt>"
        f"<ValDt><Dt>{value}</Dt></ValDt><AcctSvcrRef>{escape(reference)}</AcctSvcrRef>{_code(first['kind'], total)}"
        f"<NtryDtls>{batch}{''.join(_detail(row, version) for row in details)}</NtryDtls></Ntry>"
    )


def _code(kind: str, total: int) -> str:
    pair = _CODES.get(kind)
    if pair is None:
        return "<BkTxCd><Prtry><Cd>NMSC</Cd></Prtry></BkTxCd>"
    family, sub_family = pair[:2] if total >= 0 else pair[2:]
    return (
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    )


def _detail(row: dict[str, Any], version: str) -> str:
    end_to_end = escape(row["end_to_end_id"] or "NOTPROVIDED")
    amount = f'<Amt Ccy="{row["currency"]}">{to_decimal(abs(row["amount"]), row["currency"]):f}</Amt>'
    sign = f"<CdtDbtInd>{'CRDT' if row['amount'] >= 0 else 'DBIT'}</CdtDbtInd>"
    # Version 02 gives a detail's amount within AmtDtls and has no sign of its own.
    money = f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>" if version == "02" else amount + sign
    text = f"<RmtInf><Ustrd>{escape(row['remittance'])}</Ustrd></RmtInf>" if row["remittance"] else ""
    reason = "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>" if row["kind"] == "return" else ""
    refs = f"<Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>"
    return f"<TxDtls>{refs}{money}{_parties(row, version)}{text}{reason}</TxDtls>"


def _parties(row: dict[str, Any], version: str) -> str:
    side = "Cdtr" if row["amount"] < 0 and row["kind"] != "return" else "Dbtr"
    name, account = row["payer_name"], row["payer_account"]
    if not name and not account:
        return ""
    party = f"<Nm>{escape(name)}</Nm>" if name else ""
    party = party if version == "02" else f"<Pty>{party}</Pty>"
    number = f"<{side}Acct><Id><IBAN>{account}</IBAN></Id></{side}Acct>" if account else ""
    return f"<RltdPties>{f'<{side}>{party}</{side}>' if name else ''}{number}</RltdPties>"
