"""Letter codes: the ERP's next free ones, capital where a group balances, small where it does not yet."""

from __future__ import annotations

from collections.abc import Iterable

_SHORTEST = 3
_BASE: int = 26


def next_letters(seen: Iterable[str], n: int) -> list[str]:
    """The next `n` free codes of an account: AAA, AAB … ZZZ, then AAAA.

    `seen`: the codes that the account bears, capital and small alike (aab and AAB are one group in two states); what
    is not letters alone is no code of this series. The series goes on after the highest: longest, then alphabetical.
    """
    codes = {code.strip().upper() for code in seen}
    known = [code for code in codes if code.isalpha() and code.isascii() and len(code) >= _SHORTEST]
    after = max((_place(code) for code in known), default=-1)
    return [_code(after + step) for step in range(1, n + 1)]


def _place(code: str) -> int:
    """The code's number in the series that begins with AAA."""
    number = 0
    for sign in code:
        number = number * _BASE + ord(sign) - ord("A")
    return number + sum(int(_BASE**length) for length in range(_SHORTEST, len(code)))


def _code(place: int) -> str:
    length = _SHORTEST
    while place >= _BASE**length:
        place -= _BASE**length
        length += 1
    signs = []
    for _ in range(length):
        place, sign = divmod(place, _BASE)
        signs.append(chr(ord("A") + sign))
    return "".join(reversed(signs))
