"""Where a text quotes a number: what a person's eye looks for first, found for the screen."""

from __future__ import annotations

import re
from collections.abc import Iterable

from encours.core.base.numbers import bare_signs

#: Fewer digits than this prove nothing: a day, a month, a count.
_LEAST_DIGITS = 4
_SEPARATORS = r"[\s./_\-]{0,2}"


def quoted_spans(text: str, numbers: Iterable[str]) -> list[tuple[int, int]]:
    """Places (start, end) of `text` that quote one of the numbers, in order, none within another.

    A number counts as quoted in its own form, with other separators, or by the end of its digits (at least four, or
    all where it has fewer but a letter before them), standing alone: `FA-2024-00123` by `FA202400123`, `00123`, not by
    `9900123`.
    """
    signs = bare_signs(text)
    figures = re.sub(r"\D", "", signs)
    spans = {span for number in numbers if _may_stand(number, signs, figures) for span in _of(text, number)}
    return apart(spans)


def _may_stand(number: str, signs: str, figures: str) -> bool:
    """A quick look: the whole number without separators, or the last of its digits, somewhere in the text."""
    own = bare_signs(number)
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


def whole_spans(text: str, references: Iterable[str]) -> list[tuple[int, int]]:
    """Places that quote a reference whole, with whatever separators: an order, a delivery note, an RF reference."""
    found: list[tuple[int, int]] = []
    for reference in dict.fromkeys(references):
        signs = re.findall(r"[A-Za-z0-9]", reference)
        if len(signs) >= _LEAST_DIGITS and any(sign.isdigit() for sign in signs):
            found += _places(text, signs)
    return apart(found)


def listed_spans(text: str, spans: Iterable[tuple[int, int]], numbers: Iterable[str]) -> list[tuple[int, int]]:
    """Places behind a quoted number where a list or a range goes on by the last digits alone: `FA-12045/46/47`."""
    ends = [re.sub(r"\D", "", number) for number in numbers]
    found = []
    for _, end in spans:
        at = end
        while (match := _NEXT.match(text, at)) is not None:
            if any(own.endswith(match[1]) for own in ends):
                found.append(match.span(1))
            at = match.end()
    return apart(found)


def near_spans(text: str, numbers: Iterable[str]) -> list[tuple[int, int]]:
    """Places that quote a number with one digit off, or two side by side that have changed places."""
    own = {digits for number in numbers if len(digits := re.sub(r"\D", "", number)) > _LEAST_DIGITS}
    runs = [match.span() for match in re.finditer(r"\d[\d./_\-]*\d", text)]
    return [(start, end) for start, end in runs if any(_is_near(re.sub(r"\D", "", text[start:end]), n) for n in own)]


def apart(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places in order, none within another: the longer one of two that begin alike."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


#: How a list goes on: a mark or a word between, a few digits, no amount.
_NEXT = re.compile(r"\s*(?:[/,;+&\-]|\b(?:A|À|AU|ET|TO|AND)\b)\s*(\d{1,4})(?![\d])(?![.,]\d)", re.IGNORECASE)


def _is_near(said: str, own: str) -> bool:
    if len(said) != len(own) or said == own:
        return False
    off = [place for place, (one, other) in enumerate(zip(said, own, strict=True)) if one != other]
    if len(off) == 1:
        return True
    swapped = len(off) == 2 and off[1] == off[0] + 1
    return swapped and said[off[0]] == own[off[1]] and said[off[1]] == own[off[0]]
