"""Conditions as forms show them: what is asked of a column, how, and the values that it can be compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from encours.core.dunning.fields import Fault
from encours.usecases.show_scenarios import show_scenarios
from encours.usecases.type_conditions import (
    SEVERAL,
    UNKNOWN,
    Typed,
    closed_values,
    currency_of,
    kind_of,
    operators_of,
    seen_values,
)
from encours.web.scenarios import words
from encours.web.scenarios.guard import chaser, number
from encours.web.shell.request import Request

#: The most conditions of one form, and the empty lines for further ones.
MOST, SPARE = 20, 2
Options = list[tuple[str, str, bool]]


@dataclass(frozen=True)
class Line:
    """One condition of a form. `control`: none, choice, several, day, number or text; `options`: of choices, and what
    a text field suggests; `wrong`: column, op or value, where `fault` says what is wrong with it."""

    name: str
    at: int
    column: str
    columns: list[tuple[str, list[tuple[str, str]]]]
    operators: Options
    control: str
    value: str
    options: Options
    unit: str
    fault: str
    wrong: str

    @property
    def id(self) -> str:
        """The line's own name in the page."""
        return f"{self.name}-{self.at}"


def typed(form: QueryDict, name: str) -> list[Typed]:
    """The conditions of a form; lines of which nothing was said are left out."""
    found = [_line_typed(form, name, at) for at in range(1, MOST + 1)]
    return [one for one in found if one[0] or one[2]]


def _line_typed(form: QueryDict, name: str, at: int) -> Typed:
    own = f"{name}-{at}"
    values = [one.strip() for one in form.getlist(f"{own}-value") if one.strip()]
    return form.get(f"{own}-column", ""), form.get(f"{own}-op", "eq"), ", ".join(values)


def lines(
    request: Request, entity_id: str, name: str, conditions: Iterable[Typed], beside: Mapping[str, str],
    faults: Iterable[str],
) -> list[Line]:  # fmt: skip
    """The lines of a form, and some empty ones. `beside`: what is wrong, by place (`when#2`)."""
    currency = currency_of(entity_id)
    places = {words.field_of(one): one.field for one in faults if isinstance(one, Fault)}
    every = [*conditions, *([("", "eq", "")] * SPARE)][:MOST]
    return [
        _line(request, entity_id, name, at, one, currency, (beside.get(f"{name}#{at}", ""),
                                                           places.get(f"{name}#{at}", "")))
        for at, one in enumerate(every, 1)
    ]  # fmt: skip


def _line(
    request: Request, entity_id: str, name: str, at: int, one: Typed, currency: str, wrong: tuple[str, str] = ("", "")
) -> Line:
    column, op, value = one
    known = operators_of(column)
    op = op if op in known or wrong[1] == "op" else known[0]
    chosen = [part.strip() for part in value.split(",")] if op in SEVERAL else [value]
    closed = closed_values(column) or (("true", "false") if kind_of(column) == "flag" else ())
    control = _control(column, op, bool(closed))
    if closed:
        # Those that are chosen stand first, in their order, so that a line saved unchanged is the same line.
        codes = list(dict.fromkeys([*(chosen if control == "several" else closed), *closed, *chosen]))
        codes = [code for code in codes if code]
    else:
        codes = seen_values(request.viewing, entity_id, column) if control == "text" else []
    return Line(
        name, at, column, words.columns([column]), [(code, words.operator(code), code == op) for code in known],
        control, value, [(code, words.value_says(column, code), code in chosen) for code in codes],
        words.unit(column, currency), *wrong,
    )  # fmt: skip


def _control(column: str, op: str, closed: bool) -> str:
    if op in UNKNOWN:
        return "none"
    if closed:
        return "several" if op in SEVERAL else "choice"
    kind = kind_of(column)
    return {"day": "day", "number": "number"}.get(kind, "text") if op not in SEVERAL else "text"


@chaser
def condition(request: Request) -> HttpResponse:
    """One line of a form again, as its column and operator ask for."""
    asked = request.GET
    page = show_scenarios(request.viewing, asked.get("of", ""))
    name, at = "when" if asked.get("name") == "when" else "segment", number(asked.get("at", ""))
    column, op, value = _line_typed(asked, name, at)
    closed = closed_values(column)
    if closed and not all(part.strip() in closed for part in value.split(",")):
        value = ""  # what stood there was said of another column
    one = _line(request, page.entity_id, name, at, (column, op, value), currency_of(page.entity_id))
    return render(request, "scenarios/condition.html", {"one": one, "of": page.entity_id})
