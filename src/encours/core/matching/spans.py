"""Where a text quotes a number: what a person's eye looks for first, found for the screen."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Fewer digits than this prove nothing: a day, a month, a count.
_LEAST_DIGITS = 4
_SEPARATORS = r"[\s./_\-]{0,2}"


def quoted_spans(text: str, numbers: Iterable[str]) -> list[tuple[int, int]]:
    """Places (start, end) of `text` that quote one of the numbers, in order, none within another.

    A number counts as quoted in its own form, with other separators, or by the end of its digits (at least four, or
    all where it has fewer but a letter before them), standing alone: `FA-2024-00123` by `FA202400123`, `00123`, not by
    `9900123`.
    """
    signs = re.sub(r"[^A-Z0-9]", "", text.upper())
    figures = re.sub(r"\D", "", signs)
    spans = {span for number in numbers if _may_stand(number, signs, figures) for span in _of(text, number)}
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _may_stand(number: str, signs: str, figures: str) -> bool:
    """A quick look: the whole number without separators, or the last of its digits, somewhere in the text."""
    own = re.sub(r"[^A-Z0-9]", "", number.upper())
    last = re.sub(r"\D", "", own)[-_LEAST_DIGITS:]
    return (len(last) == _LEAST_DIGITS and last in figures) or (bool(own) and own in signs)


def _of(text: str, number: str) -> list[tuple[int, int]]:
    signs = re.findall(r"[A-Za-z0-9]", number)
    if len(signs) >= _LEAST_DIGITS and any(sign.isdigit() for sign in signs):
        whole = _places(text, signs)
        if whole:
            return whole
    digits = [sign for sign in signs if sign.isdigit()]
    for begin in range(len(digits) - _LEAST_DIGITS + 1):
        found = _places(text, digits[begin:])
        if found:
            return found
    return []


def _places(text: str, signs: list[str]) -> list[tuple[int, int]]:
    pattern = _SEPARATORS.join(map(re.escape, signs))
    # A digit before or behind would make it another number; leading zeros may have been lost or added.
    border = r"(?<!\d)" if signs[0].isdigit() else r"(?<![A-Za-z])"
    return [match.span() for match in re.finditer(rf"{border}{pattern}(?!\d)", text, re.IGNORECASE)]
