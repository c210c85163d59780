"""Conditions of scenarios as people type them: what can be asked of a column, what can stand there, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal

import polars as pl

from encours.core.base.schema import TABLES
from encours.core.behaviour.profiles import named
from encours.core.dunning.conditions import columns
from encours.core.dunning.fields import Fault
from encours.core.dunning.scenario import OPERATORS, Operator
from encours.store.models import Customer, Entity, Item
from encours.usecases.mark_action import STRATEGIES
from encours.usecases.viewing import Viewing

#: A condition as a form has it: column, operator, value.
Typed = tuple[str, str, str]
Kind = Literal["text", "number", "day", "flag"]

UNKNOWN: tuple[Operator, ...] = ("is_null", "not_null")
SEVERAL: tuple[Operator, ...] = ("in", "not_in")
_ORDER: tuple[Operator, ...] = ("lt", "le", "gt", "ge")
#: What stands in for a condition that is wrong, so that the reader looks at the others and at their own places.
_HARMLESS = {"column": "item.open", "op": "not_null"}
_LISTED = 200


def kind_of(column: str) -> Kind:
    """What a column holds; one that is not known counts as text."""
    dtype = columns().get(column, pl.String())
    if dtype == pl.Boolean:
        return "flag"
    if dtype == pl.Date:
        return "day"
    return "number" if dtype.is_numeric() else "text"


def operators_of(column: str) -> tuple[Operator, ...]:
    """What can be asked of a column: texts have no order, days and flags are not listed."""
    kind = kind_of(column)
    if not column:
        return OPERATORS
    without = {"text": _ORDER, "number": (), "day": SEVERAL, "flag": (*_ORDER, *SEVERAL)}[kind]
    return tuple(one for one in OPERATORS if one not in without)


def closed_values(column: str) -> tuple[str, ...]:
    """The only values that a column can hold; none where it holds any text."""
    if column == "profile.profile":
        return tuple(one.name for one in named())
    if column == "profile.strategy":
        return STRATEGIES
    table = {"customer": "customers", "item": "items"}.get(column.partition(".")[0], "")
    every = TABLES[table].columns if table else ()
    return next((one.words for one in every if one.name == column.partition(".")[2]), ())


def seen_values(viewing: Viewing, entity_id: str, column: str) -> list[str]:
    """What stands in a text column of the entity's facts that are seen, at most two hundred; [] of other columns."""
    model: Any = {"customer": Customer, "item": Item}.get(column.partition(".")[0])
    field = column.partition(".")[2]
    if model is None or kind_of(column) != "text" or field not in {one.name for one in model._meta.fields}:
        return []
    rows = viewing.of([entity_id]).facts(model).exclude(**{field: None}).exclude(**{field: ""})
    return list(rows.order_by(field).values_list(field, flat=True).distinct()[:_LISTED])


def currency_of(entity_id: str) -> str:
    """The entity's own currency: that of most of its messages."""
    return str(Entity.objects.values_list("currency", flat=True).filter(pk=entity_id).first() or "EUR")


def conditions_data(typed: Iterable[Typed], place: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Conditions as a scenario has them, and what is wrong with them; `place`: sme/letter/when.

    A line of which nothing was said is no condition; the others are counted from 1: `sme/letter/when#1`.
    """
    found, faults = list[dict[str, Any]](), list[str]()
    for at, (column, op, value) in enumerate((one for one in typed if one[0] or one[2].strip()), 1):
        own = _faults(column, op, value, f"{place}#{at}")
        faults += own
        found.append(dict(_HARMLESS) if own else _data(column, op, value))
    return found, faults


def _faults(column: str, op: str, value: str, place: str) -> list[str]:
    if column not in columns():
        return [Fault(f"{place}: choose what the condition asks of", place, "column")]
    if op not in operators_of(column):
        return [Fault(f"{place}: this cannot be asked of this column", place, "op")]
    if op in UNKNOWN:
        return []
    values = _parts(value) if op in SEVERAL else [value.strip()] if value.strip() else []
    if not values:
        return [Fault(f"{place}: give the value", place, "value")]
    if closed := closed_values(column):
        wrong = [one for one in values if one not in closed]
        return [Fault(f"{place}: {one!r} never stands in this column", place, "value") for one in wrong]
    if all(_plain(kind_of(column), one) is not None for one in values):
        return []
    said = {"number": f"{place}: it is no number", "day": f"{place}: it is no day"}
    return [Fault(said.get(kind_of(column), f"{place}: it is neither true nor false"), place, "value")]


def _data(column: str, op: str, value: str) -> dict[str, Any]:
    told: dict[str, Any] = {"column": column, "op": op}
    if op in UNKNOWN:
        return told
    kind = kind_of(column)
    return told | {"value": [str(_plain(kind, one)) for one in _parts(value)] if op in SEVERAL else _plain(kind, value)}


def _parts(value: str) -> Sequence[str]:
    return [part.strip() for part in re.split(r"[,;]", value) if part.strip()]


def _plain(kind: Kind, value: str) -> Any:
    """What was typed as the column holds it; None where it cannot be."""
    text = value.strip()
    if kind == "flag":
        return {"true": True, "false": False}.get(text)
    if kind == "number":
        digits = re.sub(r"\s", "", text).replace("\u2212", "-").replace(",", ".")
        return digits if re.fullmatch(r"-?\d{1,13}(\.\d{1,6})?", digits) else None
    if kind == "day":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            return None
    return text
