"""The elements of a camt message that Encours reads, by path, whatever their namespace."""

from __future__ import annotations

from typing import Any

#: name -> its first text that is not blank; a repeated name -> all of them; a group -> the fields of each.
#: `amount@Ccy` is the currency of `amount`.
Fields = dict[str, Any]


class Node:
    """A place in the message: the name its text gets (or its group), and the places below."""

    __slots__ = ("below", "kind", "name")

    def __init__(self) -> None:
        self.name = ""
        self.kind = ""
        self.below: dict[str, Node] = {}


def paths(spec: str, **groups: Node) -> Node:
    """A tree of places from lines `path name`; before a name `*` marks an amount, `+` a group, `&` a repeated text."""
    root = Node()
    for line in spec.strip().splitlines():
        path, name = line.split()
        node = root
        for step in path.split("/"):
            node = node.below.setdefault(step, Node())
        node.name = name.lstrip("*+&")
        node.kind = name[0] if name[0] in "*+&" else "."
        if node.kind == "+":
            node.below = groups[node.name].below
    return root


_BALANCE = paths(
    """
    Tp/CdOrPrtry/Cd code
    Tp/Cd old_code
    Amt *amount
    CdtDbtInd sign
    Dt/Dt day
    Dt/DtTm stamp
    """
)
HEADER = paths(
    """
    Id id
    CreDtTm made
    ElctrncSeqNb sequence
    FrToDt/FrDtTm from
    FrToDt/FrDt from_day
    FrToDt/ToDtTm to
    FrToDt/ToDt to_day
    Acct/Id/IBAN iban
    Acct/Id/Othr/Id account
    Acct/Id/PrtryAcct/Id old_account
    Acct/Ccy currency
    Bal +balance
    """,
    balance=_BALANCE,
)
DETAIL = paths(
    """
    Refs/EndToEndId end_to_end
    Refs/AcctSvcrRef bank_reference
    Refs/TxId transaction
    Amt *amount
    CdtDbtInd sign
    AmtDtls/TxAmt/Amt *transaction_amount
    AmtDtls/CntrValAmt/Amt *counter_amount
    AmtDtls/InstdAmt/Amt *instructed_amount
    BkTxCd/Domn/Cd domain
    BkTxCd/Domn/Fmly/Cd family
    BkTxCd/Domn/Fmly/SubFmlyCd sub_family
    BkTxCd/Prtry/Cd proprietary
    RltdPties/Dbtr/Nm debtor
    RltdPties/Dbtr/Pty/Nm debtor
    RltdPties/UltmtDbtr/Nm ultimate_debtor
    RltdPties/UltmtDbtr/Pty/Nm ultimate_debtor
    RltdPties/DbtrAcct/Id/IBAN debtor_account
    RltdPties/DbtrAcct/Id/Othr/Id debtor_account
    RltdPties/DbtrAcct/Id/PrtryAcct/Id debtor_account
    RltdPties/Cdtr/Nm creditor
    RltdPties/Cdtr/Pty/Nm creditor
    RltdPties/UltmtCdtr/Nm ultimate_creditor
    RltdPties/UltmtCdtr/Pty/Nm ultimate_creditor
    RltdPties/CdtrAcct/Id/IBAN creditor_account
    RltdPties/CdtrAcct/Id/Othr/Id creditor_account
    RltdPties/CdtrAcct/Id/PrtryAcct/Id creditor_account
    RmtInf/Ustrd &unstructured
    RmtInf/Strd/CdtrRefInf/Ref &structured
    RmtInf/Strd/CdtrRefInf/CdtrRef &structured
    RmtInf/Strd/RfrdDocInf/Nb &structured
    RmtInf/Strd/RfrdDocInf/RfrdDocNb &structured
    RmtInf/Strd/AddtlRmtInf &structured
    RtrInf/Rsn/Cd return_reason
    RtrInf/RtrRsn/Cd return_reason
    RtrInf/Rsn/Prtry return_reason
    AddtlTxInf info
    """
)
ENTRY = paths(
    """
    NtryRef reference
    Amt *amount
    CdtDbtInd sign
    RvslInd reversal
    Sts status
    Sts/Cd status
    BookgDt/Dt booked
    BookgDt/DtTm booked
    ValDt/Dt value
    ValDt/DtTm value
    AcctSvcrRef bank_reference
    BkTxCd/Domn/Cd domain
    BkTxCd/Domn/Fmly/Cd family
    BkTxCd/Domn/Fmly/SubFmlyCd sub_family
    BkTxCd/Prtry/Cd proprietary
    AddtlNtryInf info
    NtryDtls/Btch/PmtInfId batch
    NtryDtls/Btch/MsgId batch_message
    NtryDtls/Btch/NbOfTxs batch_lines
    NtryDtls/TxDtls +detail
    TxDtls +detail
    """,
    detail=DETAIL,
)
