"""A row of the worklist as a page words it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from encours.usecases.show_today import TodayRow
from encours.web.shell import format as form

_ICONS = {"email": "mail", "call": "phone", "voice": "phone", "letter": "letter", "registered_letter": "letter",
          "order_hold": "tasks"}  # fmt: skip
#: The last step of every ready-made ladder, at which somebody decides what follows.
_DECIDES = "handover"
#: What a chosen row can be asked for by a key, beside its button.
KEYS = ("call", "promise", "snooze", "assign", "pin", "skip")


@dataclass(frozen=True)
class Shown:
    """A row with its words; everything else is the row's."""

    row: TodayRow

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)

    @property
    def channel_icon(self) -> str:
        """The icon of its channel."""
        return _ICONS.get(self.row.channel, "mail")

    @property
    def task_verb(self) -> str:
        """What a person does who takes up a task: not each is a telephone call."""
        if self.row.channel != "call":
            return _("Do it")
        return _("Decide") if self.row.step.endswith(_DECIDES) else _("Call")

    @property
    def step_name(self) -> str:
        """What is to be done, in the reader's language."""
        return named(self.row.step_names, self.row.step)

    @property
    def next_name(self) -> str:
        """The rung after it, in the reader's language."""
        return named(self.row.next_names, "")

    @property
    def whole_days(self) -> int:
        """Days earlier, as people say them."""
        return max(1, round(self.row.days_earlier or 0))

    @property
    def effect_amount(self) -> str:
        """What comes earlier."""
        return form.about(self.row.amount, self.row.currency)

    @property
    def why(self) -> list[str]:
        """Three reasons at most, the effect left out: it has a column of its own."""
        told = [one for one in self.row.reasons if not one.startswith("≈")]
        return [self.row.reason, *told][:3] if self.row.reason else told[:3]

    @property
    def keys(self) -> tuple[str, ...]:
        """Acts that a key opens."""
        return KEYS if self.row.state == "planned" else ()


def named(names: Mapping[str, str], code: str) -> str:
    """The name of a step or a scenario in the reader's language, else in English, else its code."""
    language = (get_language() or "fr")[:2]
    return names.get(language) or names.get("en") or next(iter(names.values()), code)
