"""The elements of a camt message that Encours reads, by path, and the two walks that pick them without namespaces."""

from __future__ import annotations

from typing import Any

#: name -> its first text that is not blank; a repeated name -> all of them; a group -> the fields of each.
#: `amount@Ccy` is the currency of `amount`.
Fields = dict[str, Any]

_SHAPES_MAX = 512


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


def collect(element: Any, place: Node) -> Fields:
    """The texts below an element at the places that are known; all else is skipped without being looked at.

    The depth is that of the tree of places, not of the file: a deep file cannot exhaust the stack.
    """
    fields: Fields = {}
    for child in element:
        tag = child.tag
        known = place.below.get(tag.rpartition("}")[2]) if isinstance(tag, str) else None
        if known is None:
            continue
        if known.kind == "+":
            fields.setdefault(known.name, []).append(collect(child, known))
            continue
        if known.kind:
            _put(fields, known.name, known.kind, child.text or "", child.get("Ccy"))
        if known.below:
            for name, value in collect(child, known).items():
                if isinstance(value, list):
                    fields.setdefault(name, []).extend(value)
                else:
                    fields.setdefault(name, value)
    return fields


def _put(fields: Fields, name: str, kind: str, text: str, currency: str | None) -> None:
    text = text.strip()
    if not text:
        return
    if kind == "&":
        fields.setdefault(name, []).append(text)
    elif name not in fields:
        fields[name] = text
        if kind == "*":
            fields[f"{name}@Ccy"] = currency


class _Plan:
    """Where among the elements of an entry of one shape each field stands."""

    __slots__ = ("groups", "texts")

    def __init__(self) -> None:
        self.texts: list[tuple[str, str, int]] = []
        self.groups: list[tuple[str, _Plan]] = []

    def fill(self, elements: list[Any]) -> Fields:
        """The fields of an entry of this shape."""
        fields: Fields = {}
        for name, kind, index in self.texts:
            element = elements[index]
            text = element.text
            if kind == "." and text and name not in fields and (text := text.strip()):
                fields[name] = text
            elif kind != ".":
                _put(fields, name, kind, text or "", element.get("Ccy") if kind == "*" else None)
        for name, plan in self.groups:
            fields.setdefault(name, []).append(plan.fill(elements))
        return fields


class Shapes:
    """Reads elements by their shape: the entries of a file have few sequences of tags, each is understood once.

    Equal to `collect`, which a test holds it to, and faster: only the texts that are wanted are touched.
    """

    def __init__(self, place: Node) -> None:
        self._place = place
        self._plans: dict[tuple[object, ...], _Plan] = {}

    def collect(self, element: Any) -> Fields:
        """The fields of an element, as `collect` gives them."""
        elements = list(element.iter())
        tags = tuple([below.tag for below in elements])
        plan = self._plans.get(tags)
        if plan is None:
            plan = _Plan()
            _learn(element, self._place, plan, {below: index for index, below in enumerate(elements)})
            if len(self._plans) < _SHAPES_MAX:
                self._plans[tags] = plan
        return plan.fill(elements)


def _learn(element: Any, place: Node, plan: _Plan, index: dict[Any, int]) -> None:
    for child in element:
        known = place.below.get(child.tag.rpartition("}")[2]) if isinstance(child.tag, str) else None
        if known is None:
            continue
        if known.kind == "+":
            group = _Plan()
            plan.groups.append((known.name, group))
            _learn(child, known, group, index)
            continue
        if known.kind:
            plan.texts.append((known.name, known.kind, index[child]))
        if known.below:
            _learn(child, known, plan, index)


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
    NtryDtls/TxDtls +detail
    TxDtls +detail
    """,
    detail=DETAIL,
)
