"""The payment term that fills due dates which a file does not have."""

from __future__ import annotations

import re

from encours.core.base.issue import CallError

_DAYS = re.compile(r"(\d{1,3})\s*(?:j|jours?|d|days?)?(?:\s*net)?", re.IGNORECASE)


def term_settings(term: str | None) -> dict[str, object]:
    """Settings for the connectors from a term in words ("30", "45 jours"). Raises CallError for an unknown one."""
    if term is None:
        return {}
    days = _DAYS.fullmatch(term.strip())
    if not days:
        raise CallError([f"--term: {term!r} is not a payment term; write it like 30 jours"])
    return {"due_days": int(days[1]), "due_name": term.strip()}
