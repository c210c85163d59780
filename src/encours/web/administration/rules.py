"""The declared settings as a person reads and types them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from encours.usecases.show_settings import SettingRow

_SAID = {
    "ageing.limits": (_("Buckets of sealed aged balances end after"), _("days, parted by commas")),
    "ageing.by": (_("Age in sealed aged balances is counted from"), ""),
    "fec.receivable_accounts": (_("Receivable accounts of the FEC"), _("first digits, parted by commas")),
    "terms.default": (_("Terms where no due date is known"), _("for example: 45 days end of month")),
    "rates.main_refinancing": (_("Main refinancing rate of the ECB"), _("a day and a percentage on each line")),
    "rates.legal_business": (_("Legal rate between professionals"), _("a day and a percentage on each line")),
    "penalties.contract": (_("Penalty rate of our terms"), _("as the invoices say it; empty: the legal one")),
    "money.percent": (_("What money costs us a year"), _("percent: it prices the delays of customers left alone")),
    "dunning.minutes": (_("Minutes a day for calls and messages"), _("of one collector")),
    "dunning.cap": (_("Contacts with a customer, at most"), _("messages and calls")),
    "dunning.cap_days": (_("Within so many days"), ""),
    "dunning.floor": (_("Nobody is asked for less than"), _("whole units of the entity's currency")),
    "dunning.habit_days": (
        _("Left alone when expected within so many days"), _("where the payer's habit says that it is not late yet")
    ),
    "dunning.quiet_days": (
        _("Days on which nothing leaves"), _("on each line a day, or the first and the last one of a closing")
    ),
    "dunning.digest": (_("Weekly digest to sales"), _("the overdue customers of each, and what is asked of them")),
    "dunning.digest_template": (_("Template of the weekly digest"), _("its code, as Templates shows it")),
    "dunning.objective": (_("The worklist works for"), ""),
}  # fmt: skip
#: The choice that a day stands beside.
BEFORE = "before"
_CHOICES = {
    "ageing.by": (("due", _("the due date")), ("issued", _("the invoice date"))),
    "dunning.digest": (
        ("off", _("none")),
        ("1", _("every Monday")),
        ("2", _("every Tuesday")),
        ("3", _("every Wednesday")),
        ("4", _("every Thursday")),
        ("5", _("every Friday")),
    ),
    "dunning.objective": (
        ("euro_days", _("cash brought forward")),
        ("month_end", _("cash in before the month ends")),
        (BEFORE, _("cash in before a date")),
    ),
}
_WHOLE = (
    "money.percent", "dunning.minutes", "dunning.cap", "dunning.cap_days", "dunning.floor", "dunning.habit_days",
)  # fmt: skip
_QUIET = "dunning.quiet_days"
#: What lines of a setting look like.
_LINES = {"rates.": "2026-07-01 2,15", _QUIET: "2027-08-02 2027-08-20"}


@dataclass(frozen=True)
class Shown:
    """A setting as the page shows it. `lines`: what a line of it looks like, where it has several."""

    key: str
    label: str
    hint: str
    text: str
    choices: list[tuple[str, str]]
    lines: str
    day: str = ""


def shown(row: SettingRow) -> Shown:
    """A setting in words."""
    label, hint = _SAID.get(row.key, (row.key, ""))
    choices = [(code, str(said)) for code, said in _CHOICES.get(row.key, ())]
    text = "\n".join(row.value).replace("/", " ") if row.key == _QUIET else _text(row.value)
    if plain := re.fullmatch(r"(\d+) (?:days|jours)", text):  # the built-in default; both languages are read back
        text = ngettext("%(days)s day", "%(days)s days", int(plain[1])) % {"days": plain[1]}
    day = text if row.key == "dunning.objective" and text not in ("euro_days", "month_end") else ""
    lines = next((sample for start, sample in _LINES.items() if row.key.startswith(start)), "")
    return Shown(row.key, str(label), str(hint), BEFORE if day else text, choices, lines, day)


def _text(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "\n".join(f"{row['from_on']} {row['percent']}" for row in value)
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return str(value)


def parsed(key: str, text: str, day: str = "") -> Any:
    """What was typed as the setting's value; `day`: beside a choice. Raises ValueError for what is no number."""
    if key == "dunning.objective" and text == BEFORE:
        return day.strip()
    if key in _WHOLE:
        return int(text)
    if key == _QUIET:
        return ["/".join(_iso(day) for day in line.split()) for line in text.splitlines() if line.strip()]
    if key == "ageing.limits":
        return [int(part) for part in text.replace(";", ",").split(",") if part.strip()]
    if key == "fec.receivable_accounts":
        return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if key.startswith("rates."):
        lines = [line.split() for line in text.splitlines() if line.strip()]
        return [{"from_on": line[0], "percent": float(line[1].replace(",", "."))} for line in lines if len(line) > 1]
    return text.strip()


def _iso(day: str) -> str:
    """A day as people of both languages type it; what is none stays, and is refused."""
    told = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", day)
    return f"{told[3]}-{int(told[2]):02}-{int(told[1]):02}" if told else day
