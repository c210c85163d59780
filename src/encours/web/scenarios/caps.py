"""Contact caps as the form shows them: at most so many contacts within so many days, over all channels or some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import QueryDict

from encours.core.dunning.scenario import CHANNELS, ORDER_HOLD, Cap
from encours.usecases.shape_scenario import TypedCap
from encours.web.shell import words

#: The most caps of one form; one empty line stands beneath those that there are.
MOST, SPARE = 8, 1
SOME = "some"
FIELDS = tuple(f"caps#{at}-{name}" for at in range(1, MOST + 1) for name in ("contacts", "days", "channels"))


@dataclass(frozen=True)
class Line:
    """One cap of a form. `some`: over the channels that are ticked alone; faults stand beneath their field."""

    at: int
    contacts: str
    days: str
    some: bool
    channels: list[tuple[str, str, bool]]
    contacts_fault: str
    days_fault: str
    channels_fault: str


def told(caps: Iterable[Cap]) -> list[TypedCap]:
    """Caps as a form shows them."""
    return [TypedCap(str(one.contacts), str(one.days), tuple(one.channels) or None) for one in caps]


def typed(form: QueryDict) -> list[TypedCap] | None:
    """The caps of a form; lines of which nothing was said are left out. None: the form does not ask for them."""
    if "caps" not in form:
        return None
    found = []
    for at in range(1, MOST + 1):
        channels = tuple(form.getlist(f"cap-{at}-channels")) if form.get(f"cap-{at}-over") == SOME else None
        one = TypedCap(form.get(f"cap-{at}-contacts", "").strip(), form.get(f"cap-{at}-days", "").strip(), channels)
        found += [one] if one.contacts or one.days or one.channels else []
    return found


def lines(caps: Iterable[TypedCap] | None, beside: Mapping[str, str]) -> list[Line]:
    """The lines of a form, and an empty one. `beside`: what is wrong, by field (`caps#2-days`)."""
    every = [*(caps or ()), *([TypedCap("", "")] * SPARE)][:MOST]
    return [_line(at, one, beside) for at, one in enumerate(every, 1)]


def _line(at: int, one: TypedCap, beside: Mapping[str, str]) -> Line:
    chosen = one.channels or ()
    # Those that are chosen stand first, in their order, so that a cap saved unchanged is the same cap.
    codes: list[str] = [code for code in dict.fromkeys((*chosen, *CHANNELS)) if code in CHANNELS and code != ORDER_HOLD]
    options = [(code, str(words.word("channel", code)), code in chosen) for code in codes]
    wrong = (beside.get(f"caps#{at}-{name}", "") for name in ("contacts", "days", "channels"))
    return Line(at, one.contacts, one.days, one.channels is not None, options, *wrong)
