"""pain.008 messages to instruments: one batch a payment information block, one instrument a transaction."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from encours.connectors.base.accounts import known_account
from encours.connectors.base.bank import reference
from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.base.instruments import Drawn, InstrumentFile
from encours.connectors.base.iso import amount, batch_of, day, text, walk
from encours.connectors.base.xml import free


def read(source: Source, options: Options) -> Reading:
    """The message's direct debits as instruments presented under their batch. Issue lines are transactions, from 1.

    Payment blocks that the bank books as one credit bear their own number as batch.
    """
    state = _Reader(InstrumentFile("pain008", source.name, options))
    tags = ("{*}GrpHdr", "{*}PmtInf", "{*}DrctDbtTxInf")
    for event, element in walk(
        source.path, state.file.issues, *tags, again="Take the file from the bank or the ERP again."
    ):
        state.take(event, element)
    return state.finish()


class _Reader:
    """The message and the payment block that are open while elements pass by."""

    def __init__(self, file: InstrumentFile) -> None:
        self.file = file
        self.message: str | None = None
        self.made_on: date | None = None
        self._said: tuple[int | None, Decimal | None] = (None, None)
        self._number = 0
        self._sum = Decimal(0)
        self._block: tuple[str, date | None] | None = None

    def take(self, event: str, element: Any) -> None:
        """One event of the parser. A block's own fields stand before its transactions."""
        name = etree.QName(element).localname
        if name == "PmtInf":
            self._block = None
            if event == "end":
                free(element)
        elif event == "end" and name == "GrpHdr":
            self.message = text(element, "MsgId")
            self.made_on = day(text(element, "CreDtTm"))
            self._said = (_count(text(element, "NbOfTxs")), amount(text(element, "CtrlSum")))
        elif event == "end":
            self._transaction(element)
            free_alone(element)

    def finish(self) -> Reading:
        """The reading, its control figures compared."""
        count, total = self._said
        if count is not None:
            self.file.told(1, "number of transactions", count, self._number)
        if total is not None:
            self.file.told(1, "control sum", total, self._sum)
        return self.file.reading(message=self.message, made_on=str(self.made_on) if self.made_on else None)

    def _transaction(self, element: Any) -> None:
        self._number += 1
        batch, collected_on = self._of_block(element)
        end_to_end = reference(text(element, "PmtId", "EndToEndId"))
        where = element.find("{*}InstdAmt")
        value = amount(where.text if where is not None else None)
        due_on = collected_on or self.made_on
        if value is None or due_on is None:
            missing = "amount" if value is None else "collection date"
            code = "amount_missing" if value is None else "date_missing"
            self.file.reject(self._number, code, f"the transaction has no {missing}", end_to_end or "")
            return
        self._sum += value
        texts = [end_to_end, *(text(one) for one in element.iterfind("{*}RmtInf/{*}Ustrd"))]
        texts += [text(one) for one in element.iterfind("{*}RmtInf/{*}Strd//{*}Ref")]
        texts += [text(one) for one in element.iterfind("{*}RmtInf/{*}Strd/{*}RfrdDocInf/{*}Nb")]
        self.file.add(
            Drawn(
                line=self._number,
                batch=batch,
                key=end_to_end or str(self._number),
                kind="direct_debit",
                debtor=text(element, "Dbtr", "Nm") or text(element, "UltmtDbtr", "Nm"),
                debtor_account=text(element, "DbtrAcct", "Id", "IBAN"),
                amount=value,
                currency=where.get("Ccy"),
                due_on=due_on,
                state="presented",
                state_on=self.made_on or due_on,
                quotes=" ".join(dict.fromkeys(one for one in texts if one)) or None,
            )
        )

    def _of_block(self, transaction: Any) -> tuple[str, date | None]:
        """The batch and its collection date; the batch is the block's number, with the message's where it differs."""
        if self._block is None:
            block = transaction.getparent()
            number = text(block, "PmtInfId") or self.message or "unnamed"
            account = text(block, "CdtrAcct", "Id", "IBAN")
            if self.file.account is None and account:
                self.file.account = known_account(account)
            self._block = (batch_of(self.message, number), day(text(block, "ReqdColltnDt")))
        return self._block


def free_alone(element: Any) -> None:
    """Releases a transaction; its block keeps the fields that the next one needs."""
    element.clear()
    before = element.getprevious()
    if before is not None and etree.QName(before).localname == "DrctDbtTxInf":
        element.getparent().remove(before)


def _count(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else None
