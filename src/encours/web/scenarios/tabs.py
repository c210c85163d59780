"""The tabs of a scenario beside its steps, each with what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

from django.utils.translation import gettext as _

from encours.core.dunning.scenario import MODES
from encours.usecases.replay_scenario import MONTHS
from encours.usecases.show_experiments import SHARES, show_scenario_experiments
from encours.usecases.show_replay import PARTS, Kept, show_backtest, show_comparison
from encours.usecases.show_scenarios import ScenarioPage
from encours.web.scenarios import words
from encours.web.scenarios.guard import number
from encours.web.scenarios.line import ICONS
from encours.web.shell import format as form
from encours.web.shell.request import Request
from encours.web.today.shown import named

CODES = ("steps", "members", "backtest", "compare", "experiments", "versions")
#: Of each figure of a comparison, the better side: more (1), less (-1), or neither.
_BETTER = {"to_who_had_paid": -1, "collisions": -1, "minutes": -1, "cost": -1, "days_earlier": 1,
           "relationship_eur": -1}  # fmt: skip
_DECIMALS = {"cost": 2, "days_earlier": 1, "relationship_eur": 0}


def labels() -> list[tuple[str, str]]:
    """Each tab with its words."""
    said = (_("Steps"), _("Who is in it"), _("Back-test"), _("Compare"), _("Experiments"), _("Versions"))
    return list(zip(CODES, said, strict=True))


def members(request: Request, page: ScenarioPage, names: Mapping[str, str], refused: Sequence[str]) -> dict[str, Any]:
    """Who follows the scenario."""
    return {
        "members": [SimpleNamespace(**vars(one) | {"step_name": names.get(one.step, one.step)}) for one in page.members]
    }


def backtest(request: Request, page: ScenarioPage, names: Mapping[str, str], refused: Sequence[str]) -> dict[str, Any]:
    """What would have left over the past months."""
    asked = request.GET
    found = show_backtest(
        request.viewing, page.entity_id, page.row.code, asked.get("part", ""), number(asked.get("page", ""))
    )
    said = step_names(found.kept, names)
    counts = [(part, label, found.counts.get(part, 0)) for part, label in zip(PARTS, _parts(), strict=True)]
    rows = [SimpleNamespace(**vars(one) | {"step_name": said.get(one.step, one.step),
                                           "icon": ICONS.get(one.channel, "mail")}) for one in found.rows]  # fmt: skip
    told = found.kept.summary if found.kept and not found.kept.failed else {}
    return {
        "found": found, "rows": rows, "months": MONTHS, "parts": counts, "previous": found.page - 1,
        "following": found.page + 1, "told": told, "by_month": _months(told.get("months_list", ())),
        "hours": (told["figures"]["minutes"] if told else 0) / 60,
        "can_export": request.viewing.actor.may("export_list", page.entity_id).ok,
        "steps": _steps(told.get("steps", ()), said),
        "gates": told.get("gates", ()), "held_share": sorted(told.get("held_share", {}).items()),
    }  # fmt: skip


def compare(request: Request, page: ScenarioPage, names: Mapping[str, str], refused: Sequence[str]) -> dict[str, Any]:
    """Two scenarios over the same days and customers."""
    found = show_comparison(request.viewing, page.entity_id, page.row.code)
    told = found.kept.summary if found.kept and not found.kept.failed else {}
    # Euro-days are for the engine: people read days earlier, minutes and money.
    figures = [_figure(*row) for row in told.get("figures", ()) if row[0] in _labels()]
    sides = _sides(told)
    return {
        "found": found, "months": MONTHS, "told": told, "figures": figures,
        "verdict": _verdict({one.code: one for one in figures}, sides) if told else "",
        "same_name": bool(sides) and sides[0].name == sides[1].name,
        "others": [(code, named(own, code)) for code, own in found.others], "versions": found.versions,
        "sides": sides,
    }  # fmt: skip


def experiments(
    request: Request, page: ScenarioPage, names: Mapping[str, str], refused: Sequence[str]
) -> dict[str, Any]:
    """Random hold-outs: what they have shown, whom they leave alone."""
    found = show_scenario_experiments(request.viewing, page.entity_id, page.row.code)
    typed = request.POST if refused else {"share": "10", "amount_max": "5000", "days": "21"}
    faults, above = words.beside(refused, ("share", "amount_max", "days", "step", "why"), dict(names))
    return {
        "found": found, "typed": {name: typed.get(name, "") for name in ("share", "amount_max", "days", "step", "why")},
        "faults": faults, "above": above, "shares": [str(share) for share in SHARES],
        "rungs": [(step.code, names.get(step.code, step.code)) for step in page.scenario.steps
                  if step.level > 0 and not step.formal],
        "step_names": names,
        "held": [SimpleNamespace(**vars(one) | {"step_name": names.get(one.step, one.step)}) for one in found.held_out],
        "shown": [SimpleNamespace(**vars(one) | {"step_name": names.get(one.step, one.step)}) for one in found.rows],
        "can_run": request.viewing.actor.may("run_experiment", page.entity_id).ok,
    }  # fmt: skip


def versions(request: Request, page: ScenarioPage, names: Mapping[str, str], refused: Sequence[str]) -> dict[str, Any]:
    """How the scenario stood before."""
    return {}


CONTEXTS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "members": members, "backtest": backtest, "compare": compare, "experiments": experiments, "versions": versions,
}  # fmt: skip


def _parts() -> tuple[str, ...]:
    return _("Everything"), _("To who had paid"), _("Collisions"), _("With outside cost")


def step_names(kept: Kept | None, names: Mapping[str, str]) -> dict[str, str]:
    """Names of the steps as they were when it was replayed."""
    told = kept.summary.get("step_names", {}) if kept else {}
    return dict(names) | {code: named(own, code) for code, own in told.items() if isinstance(own, dict)}


def _steps(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[SimpleNamespace]:
    most = max((row["messages"] for row in rows), default=1)
    return [
        SimpleNamespace(**row, euros=(row["cost"] or 0) / 100, name=names.get(row["step"], row["step"]),
                        icon=ICONS.get(row["channel"], "mail"),
                        width=round(100 * row["messages"] / most, 1))
        for row in rows
    ]  # fmt: skip


def _months(rows: Sequence[Mapping[str, Any]]) -> list[SimpleNamespace]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["month"], dict.fromkeys(MODES, 0))[row["mode"]] += row["messages"]
    return [SimpleNamespace(day=date.fromisoformat(month), **counts) for month, counts in sorted(found.items())]


def _figure(code: str, first: float, second: float, more: float) -> SimpleNamespace:
    better = _BETTER.get(code, 0)
    verdict = "" if not better or not more else "good" if (more > 0) == (better > 0) else "wrong"
    return SimpleNamespace(code=code, label=_labels()[code], first=first, second=second, more=more, verdict=verdict,
                           decimals=_DECIMALS.get(code, 0))  # fmt: skip


def _verdict(figures: Mapping[str, SimpleNamespace], sides: Sequence[SimpleNamespace]) -> str:
    """The comparison in one sentence: time of the money, work and outside cost of the second beside the first."""
    days, hours = figures["days_earlier"].more, figures["minutes"].more / 60
    told = {
        "name": sides[1].name,
        "days": form.number(abs(days), 1),
        "hours": form.number(abs(hours), 0),
        "cost": form.number(abs(figures["cost"].more), 0),
    }
    parts = [
        _("With “%(name)s” the money would come about %(days)s days earlier") if days > 0
        else _("With “%(name)s” the money would come about %(days)s days later"),
        _("for %(hours)s hours of work more") if hours > 0 else _("for %(hours)s hours of work less"),
        _("and %(cost)s € more outside.") if figures["cost"].more > 0 else _("and %(cost)s € less outside."),
    ]  # fmt: skip
    return ", ".join(part % told for part in parts[:2]) + " " + parts[2] % told


def _labels() -> dict[str, str]:
    return {
        "actions": _("Messages and tasks"),
        "automatic": _("of them by themselves"),
        "customers": _("Customers written to"),
        "to_who_had_paid": _("To who had paid"),
        "collisions": _("Collisions"),
        "minutes": _("Minutes of people"),
        "cost": _("Postage and calls, €"),
        "days_earlier": _("Days earlier on what is asked for"),
        "relationship_eur": _("Risk for the relationship, €"),
    }


def _sides(told: Mapping[str, Any]) -> list[SimpleNamespace]:
    if not told:
        return []
    return [
        SimpleNamespace(
            name=named(names, ""), version=version, mixed=len({row["currency"] for row in tables["steps"]}) > 1,
            steps=_steps(tables["steps"], {code: named(own, code) for code, own in said.items()}),
        )
        for names, tables, said, version in zip(
            told["names"], told["tables"], told["step_names"], (None, told.get("other_version")), strict=True
        )
    ]  # fmt: skip
