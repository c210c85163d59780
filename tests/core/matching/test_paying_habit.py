"""What settled payments say of a customer's way of paying and of quoting, with counts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from encours.core.matching.paying_habit import (
    LAST,
    OpenItem,
    Payment,
    Style,
    habit_of_payments,
    style_of,
    way_of,
)

DAY = date(2026, 3, 1)


def _item(place: int, month: int = 1, number: str = "", order: str = "") -> OpenItem:
    references = (order,) if order else ()
    issued = date(2026, month, 5 + place)
    return OpenItem(f"i{place}", number or f"FA-2026-0012{place}", references, issued, issued + timedelta(30))


def _payment(paid: set[int], items: list[OpenItem], text: str = "", parts: set[int] | None = None) -> Payment:
    return Payment(
        DAY, text, tuple(items), frozenset(f"i{n}" for n in paid), frozenset(f"i{n}" for n in parts or set())
    )


@pytest.mark.parametrize(
    ("paid", "parts", "months", "way"),
    [
        ({0, 1, 2}, set(), (1, 1, 2), "balance"),
        ({0, 1}, set(), (1, 1, 2), "month"),
        ({0, 1}, set(), (1, 2, 2), "due_until"),
        ({0, 2}, set(), (1, 2, 2), "several"),
        ({1}, set(), (1, 1, 2), "one"),
        ({1}, {0}, (1, 1, 2), "part"),
        (set(), set(), (1, 1, 2), ""),
        ({0}, set(), (1,), ""),
        (set(), {0}, (1,), "part"),
    ],
)
def test_which_open_items_are_paid(paid: set[int], parts: set[int], months: tuple[int, ...], way: str) -> None:
    items = [_item(place, month) for place, month in enumerate(months)]
    assert way_of(_payment(paid, items, parts=parts)) == way


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("VIR FA 2026 00120 MERCI", Style("number")),
        ("vir fa-2026-00120", Style("number")),
        ("FACT 202600120", Style("digits")),
        ("FACT 00120 ET 00121", Style("tail", 5)),
        ("FA-2026-00121 ET 00120", Style("number")),
        ("CDE BC-77812", Style("other")),
        ("FACT 202600102", Style("near")),
        ("VIREMENT RECU 120", Style("none")),
    ],
)
def test_how_a_text_quotes(text: str, style: Style) -> None:
    items = [_item(0, order="BC-77812"), _item(1)]
    assert style_of(_payment({0, 1}, items, text)) == style


def test_a_number_without_letters_is_quoted_whole() -> None:
    assert style_of(_payment({0}, [_item(0, number="4500120")], "VIR 4500120")) == Style("number")


def _history(*whole: bool) -> list[Payment]:
    """A payment a week, the last one last: the whole balance, or one invoice of two."""
    items = (_item(0), _item(1))
    return [
        Payment(DAY + timedelta(7 * week), "", items, frozenset({"i0", "i1"} if all_ else {"i0"}))
        for week, all_ in enumerate(whole)
    ]


def test_nothing_is_usual_of_four_payments() -> None:
    few = habit_of_payments(_history(*[True] * 4))
    assert (few.way, few.of_way("one")) == (None, None)
    enough = habit_of_payments(_history(*[True] * 5))
    assert enough.way is not None
    assert (enough.way.name, enough.way.times, enough.way.of, enough.way.share) == ("balance", 5, 5, 1.0)
    never = enough.of_way("one")
    assert never is not None
    assert (never.times, never.of) == (0, 5), "that it never was is known, too"


def test_what_came_lately_weighs_more() -> None:
    changed = habit_of_payments(_history(*[True] * 9, *[False] * 9))
    assert changed.way is not None
    assert (changed.way.name, changed.way.times, changed.way.of) == ("one", 9, 18)
    back = habit_of_payments(_history(*[False] * 9, *[True] * 9))
    assert back.way is not None
    assert back.way.name == "balance"
    mixed = habit_of_payments(_history(*[True, False] * 5))
    assert mixed.way is None, "half and half is no habit"


def test_only_the_latest_count() -> None:
    known = habit_of_payments(_history(*[False] * 50, *[True] * LAST))
    assert (known.payments, [one.name for one in known.ways]) == (LAST, ["balance"])
