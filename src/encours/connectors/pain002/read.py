"""pain.002 status reports: each rejected direct debit is its instrument come back unpaid, with the reason code."""

from __future__ import annotations

from datetime import date
from typing import Any

from lxml import etree

from encours.connectors.base.accounts import known_account
from encours.connectors.base.bank import reference
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.instruments import Drawn, InstrumentFile
from encours.connectors.base.iso import amount, batch_of, day, text, walk

#: Statuses by which a transaction is refused; ACCP, ACSC, PDNG and their like change nothing.
_REFUSED = ("RJCT", "CANC")


def read(source: Source, options: Options) -> Reading:
    """The report's rejected transactions. Issue lines are transactions, from 1.

    A transaction without its original data (debtor, amount) cannot become a row: it is an issue that names it.
    """
    reader = _Reader(InstrumentFile("pain002", source.name, options))
    tags = ("{*}GrpHdr", "{*}OrgnlGrpInfAndSts", "{*}TxInfAndSts")
    for event, element in walk(source.path, reader.file.issues, *tags, again="Take the file from the bank again."):
        if event == "end":
            reader.take(element)
    return reader.finish()


class _Reader:
    """The report that is open while its elements pass by."""

    def __init__(self, file: InstrumentFile) -> None:
        self.file = file
        self._made_on: date | None = None
        self._message: str | None = None
        self._number = self._refused = 0
        self._reasons: dict[str, int] = {}

    def take(self, element: Any) -> None:
        """One element that ended."""
        name = etree.QName(element).localname
        if name == "GrpHdr":
            self._made_on = day(text(element, "CreDtTm"))
        elif name == "OrgnlGrpInfAndSts":
            self._message = text(element, "OrgnlMsgId")
        else:
            self._number += 1
            if text(element, "TxSts") in _REFUSED:
                self._transaction(element)
            element.clear()

    def finish(self) -> Reading:
        """The reading; a report that refuses nothing says so."""
        if not self._refused and not self.file.issues.rows:
            self.file.issues.add("nothing_refused", "the report refuses no direct debit", severity="info")
        facts = {"transactions": self._number, "refused": self._refused, "reasons": self._reasons}
        return self.file.reading(message=self._message, **facts)

    def _transaction(self, element: Any) -> None:
        self._refused += 1
        origin = element.find("{*}OrgnlTxRef")
        block = element.getparent()
        end_to_end = reference(text(element, "OrgnlEndToEndId"))
        reason = text(element, "StsRsnInf", "Rsn", "Cd") or text(element, "StsRsnInf", "Rsn", "Prtry")
        self._reasons[reason or "none"] = self._reasons.get(reason or "none", 0) + 1
        where = origin.find("{*}Amt/{*}InstdAmt") if origin is not None else None
        value = amount(where.text) if where is not None else None
        due_on = day(text(origin, "ReqdColltnDt")) if origin is not None else None
        due_on = due_on or self._made_on
        if where is None or value is None or due_on is None:
            named = end_to_end or self._number
            message = f"direct debit {named} was refused ({reason or '?'}), its data are not told"
            self.file.reject(self._number, "original_missing", message, end_to_end or "")
            return
        account = text(origin, "CdtrAcct", "Id", "IBAN")
        if self.file.account is None and account:
            self.file.account = known_account(account)
        number = text(block, "OrgnlPmtInfId") if block is not None else None
        self.file.add(
            Drawn(
                line=self._number,
                batch=batch_of(self._message, number or self._message or "unnamed"),
                key=end_to_end or str(self._number),
                kind="direct_debit",
                debtor=text(origin, "Dbtr", "Nm") or text(origin, "Dbtr", "Pty", "Nm"),
                debtor_account=text(origin, "DbtrAcct", "Id", "IBAN"),
                amount=value,
                currency=where.get("Ccy"),
                due_on=due_on,
                state="unpaid",
                state_on=self._made_on or due_on,
                quotes=end_to_end,
                reason=reason or "none",
            )
        )
