"""What is said of a remittance that explains money, or that nearly does: the same words as everywhere in matching."""

from __future__ import annotations

from encours.core.base.money import EXPONENTS
from encours.core.matching.line_items import Settled
from encours.core.matching.pairing import Pair
from encours.core.matching.remittance import ADVICE


def said(pair: Pair, settled: Settled, fee: int, rest: int, late: bool, currency: str) -> str:
    """Why the receipt is this remittance and what each line pays; then what speaks against it."""
    one = pair.remittance
    if one.form != ADVICE:
        what = f"remittance {one.key} (lines: {one.count}), each line pays its items"
    elif len(pair.rows) > 1:
        what = f"advice {one.key} (lines: {one.count}), paid in {len(pair.rows)} receipts"
    else:
        what = f"advice {one.key} (lines: {one.count}), each line pays what it names"
    parts = [what]
    if fee:
        parts.append(f"{money(fee, currency)} less came: a charge")
    elif not pair.gap:
        parts.append("its total is exactly the money")
    if pair.named:
        parts.append("the text names it")
    if pair.counted:
        parts.append("the number of lines agrees")
    doubts = _doubts(pair, settled, rest, late, currency)
    return "; ".join(parts) + ("; but " + "; ".join(doubts) if doubts else "")


def _doubts(pair: Pair, settled: Settled, rest: int, late: bool, currency: str) -> list[str]:
    lost = sum(pair.remittance.lines[n].amount for n in settled.lost)
    found = [
        (bool(pair.alike), f"others that fit alike: {pair.alike}"),
        (not pair.named, "the text does not name it"),
        (pair.counted is False, "the text tells another number of lines"),
        (bool(settled.lost), f"lines without an open item: {len(settled.lost)}, {money(lost, currency)} in all"),
        (bool(settled.short), f"lines that do not tie with what is open: {len(settled.short)}"),
        (bool(settled.by_amount), f"lines tied by their amount alone: {len(settled.by_amount)}"),
        (bool(settled.withheld), f"{money(settled.withheld, currency)} were withheld: the items stay open for it"),
        (rest > 0, f"{money(rest, currency)} stay on the receipt"),
        (any(line.unpaid for line in pair.remittance.lines), "a line of it came back unpaid"),
        (late, "not all of it was known and open when the money was booked"),
    ]
    return [sentence for holds, sentence in found if holds]


def differs(pair: Pair, received: int, currency: str) -> str:
    """The text names a remittance whose total is another."""
    total = money(pair.remittance.total - (pair.remittance.fee or 0), currency)
    return f"remittance {pair.remittance.key} is named, but its total is {total} and {money(received, currency)} came"


def none_left(pair: Pair) -> str:
    """The remittance is the money's, but nothing of it is open."""
    return f"remittance {pair.remittance.key} is this money, but none of its lines finds an open item"


def money(minor: int, currency: str) -> str:
    """`1204.50 EUR`."""
    places = EXPONENTS.get(currency, 2)
    return f"{minor / 10**places:.{places}f} {currency}"
