"""What kind of money a bank's own code means: ISO 20022, French interbank (CFONB), German GVC and SWIFT codes."""

from __future__ import annotations

import re

#: CFONB interbank operation codes (record 04, positions 33–34): kind of a credit, kind of a debit.
_CFONB: dict[str, tuple[str, str]] = {}


def _cfonb(codes: str, credit: str, debit: str) -> None:
    _CFONB.update(dict.fromkeys(codes.split(), (credit, debit)))


_cfonb("01 06 07 08 21 22 B1 B2 C1", "return", "out")
_cfonb("02", "cheque", "return")
_cfonb("03 10 12 26 27 33 34 38 A3 A4 A5 A6 B3 B4 B5 B6 C3 C4 C5", "return", "return")
_cfonb("04", "cash", "out")
_cfonb("05 18 39 41 42 43 44 45 46 47 48 49 C2", "transfer", "out")
_cfonb("09 24 A1 A2", "direct_debit", "return")
_cfonb("11 28 29 30 36", "card", "out")
_cfonb("31 32 35 37", "draft", "return")
_cfonb("13 14", "other", "other")

#: ISO 20022 external bank transaction codes, domain PMNT: family -> kind of a credit, kind of a debit.
_ISO_FAMILY = {
    "RCDT": ("transfer", "return"),
    "RRCT": ("transfer", "return"),
    "ICDT": ("return", "out"),
    "IRCT": ("return", "out"),
    "IDDT": ("direct_debit", "return"),
    "RDDT": ("return", "out"),
    "RCHQ": ("cheque", "return"),
    "LBOX": ("cheque", "return"),
    "ICHQ": ("return", "out"),
    "DRFT": ("draft", "out"),
    "MCRD": ("card", "return"),
    "CCRD": ("return", "out"),
    "CNTR": ("cash", "out"),
}
#: Sub-families that say "unpaid", "returned" or "reversed" in any payment family.
_ISO_RETURNED = frozenset(
    ["RRTN", "RPCR", "PRDD", "RCDD", "UPDD", "UPCQ", "CQRV", "UPCT", "UDFT", "DRRC", "ARRT", "UPDR"]
)
_ISO_NOT_PAYMENTS = frozenset(["ACMT", "CAMT", "CMDT", "DERV", "FORX", "LDAS", "PMET", "SECU", "TREA"])
_ISO_CHARGES = frozenset(["CHRG", "COMM", "INTR", "TAXE", "FEES"])
_ISO_CHEQUE_DEPOSITS = frozenset(["CHKD", "MIXD"])

#: German business transaction codes (Geschäftsvorfallcodes).
_GVC: dict[str, tuple[str, str]] = {}


def _gvc(codes: str, credit: str, debit: str) -> None:
    _GVC.update(dict.fromkeys(codes.split(), (credit, debit)))


_gvc("051 052 053 054 056 062 067 068 069 152 153 154 155 156 157 166 168 169", "transfer", "out")
_gvc("009 059 108 109 159 181 182 183 184", "return", "return")
_gvc("004 005 104 105 107 171 174 192 194 196", "direct_debit", "out")
_gvc("001 002 070 071 072 073 074 075 101 102 170", "cheque", "out")
_gvc("082 083", "cash", "out")
_gvc("106", "card", "out")
_gvc("020 116 117 118 119 177 191", "transfer", "out")

#: SWIFT transaction type identification codes of field 61, after the leading letter.
_SWIFT = {
    "TRF": ("transfer", "out"),
    "STO": ("transfer", "out"),
    "CMT": ("transfer", "out"),
    "CLR": ("cheque", "out"),
    "CHK": ("cheque", "out"),
    "TCK": ("cheque", "out"),
    "ECK": ("cheque", "out"),
    "DDT": ("direct_debit", "out"),
    "BOE": ("draft", "out"),
    "COL": ("draft", "out"),
    "RTI": ("return", "return"),
    "CAR": ("card", "out"),
    "MSC": ("other", "out"),
    "CHG": ("other", "other"),
    "INT": ("other", "other"),
    "COM": ("other", "other"),
    "TAX": ("other", "other"),
}


def kind_from_cfonb(code: str, credit: bool) -> str | None:
    """The receipt kind of a CFONB interbank code; None where the code says nothing."""
    if code.isdigit() and (51 <= int(code) <= 99):
        return "other"
    pair = _CFONB.get(code)
    return None if pair is None else pair[not credit]


def kind_from_iso(domain: str | None, family: str | None, sub_family: str | None, credit: bool) -> str | None:
    """The receipt kind of an ISO 20022 code; None where the code says nothing."""
    if sub_family in _ISO_CHARGES:
        return "other"
    if domain != "PMNT":
        return "other" if domain in _ISO_NOT_PAYMENTS else None
    if sub_family in _ISO_RETURNED:
        return "return"
    if family == "CNTR" and sub_family in _ISO_CHEQUE_DEPOSITS:
        return "cheque" if credit else "return"
    pair = _ISO_FAMILY.get(family or "")
    return None if pair is None else pair[not credit]


def kind_from_gvc(code: str, credit: bool) -> str | None:
    """The receipt kind of a German business transaction code."""
    if code.isdigit() and 800 <= int(code) <= 899:
        return "other"
    pair = _GVC.get(code)
    return None if pair is None else pair[not credit]


def kind_from_swift(code: str, credit: bool) -> str | None:
    """The receipt kind of a SWIFT transaction type (`TRF`, or `103`: the number of the message that caused it)."""
    if code in {"101", "102", "103", "200", "202"}:
        return "transfer" if credit else "out"
    if code == "104":
        return "direct_debit" if credit else "out"
    pair = _SWIFT.get(code)
    return None if pair is None else pair[not credit]


_LABELS = (
    (re.compile(r"\b(IMPAYE|REJET|RETOUR|UNPAID|RETURN)", re.IGNORECASE), "return", "return"),
    (re.compile(r"^(VIR|VIREMENT|TRANSFER|SEPA CREDIT)\b", re.IGNORECASE), "transfer", "out"),
    (re.compile(r"^(PRLV|PRELEVEMENT|PRÉLÈVEMENT|DIRECT DEBIT)\b", re.IGNORECASE), "direct_debit", "out"),
    (re.compile(r"^(REM(ISE)? ?(DE )?CH|CHQ|CHEQUE|CHÈQUE|CHECK)", re.IGNORECASE), "cheque", "out"),
    (re.compile(r"^(LCR|EFFET|REM(ISE)? ?(D[E'] ?)?(LCR|EFFET))", re.IGNORECASE), "draft", "out"),
    (re.compile(r"^(CB|CARTE|CARD|TPE|REM(ISE)? ?(DE )?CB)\b", re.IGNORECASE), "card", "out"),
    (re.compile(r"^(VERS(EMENT)? ?(D')?ESP|CASH)", re.IGNORECASE), "cash", "out"),
)


def kind_from_label(label: str | None, credit: bool) -> str | None:
    """The receipt kind that a bank's label opens with, for formats without codes; None where it does not tell."""
    for pattern, of_credit, of_debit in _LABELS:
        if label and pattern.search(label[:64]):
            return of_credit if credit else of_debit
    return None


def kind_by_sign(credit: bool) -> str:
    """What is left where no code tells: money in is `other`, money out is `out`."""
    return "other" if credit else "out"
