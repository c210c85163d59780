"""What comes of a contact with a customer, as collectors know it, and what each outcome asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: How a customer was spoken to; "call" is what a collector logs most.
CHANNELS = ("call", "email", "sms", "letter", "portal", "voice")


@dataclass(frozen=True)
class OutcomeKind:
    """An outcome. `needs`: what must be said with it, of on, amount, items, reason, parts; `reached`: somebody spoke.

    `task`: the kind of task that it opens, `role`: who does it where nobody is named, `task_days`: worked days it has.
    `hold_days`: worked days for which reminders wait (0: they do not).
    """

    code: str
    needs: tuple[str, ...] = ()
    reached: bool = True
    task: str = ""
    role: str = ""
    task_days: int = 0
    hold_days: int = 0


#: Code -> outcome, in the order in which a collector meets them.
OUTCOMES: Mapping[str, OutcomeKind] = {
    kind.code: kind
    for kind in (
        OutcomeKind("payment_announced", ("on",)),
        OutcomeKind("promise", ("on",)),
        OutcomeKind("instalments", ("parts",), task="decide_plan", role="credit_manager", task_days=1, hold_days=2),
        OutcomeKind("dispute", ("items", "reason"), task="open_dispute", role="collector", task_days=1, hold_days=2),
        OutcomeKind("copy_wanted", task="send_copy", role="collector", task_days=1, hold_days=5),
        OutcomeKind("not_received", task="send_copy", role="collector", task_days=1, hold_days=5),
        OutcomeKind("awaiting_approval", task="call_back", role="collector", task_days=5, hold_days=5),
        OutcomeKind("wrong_contact", reached=False, task="find_contact", role="collector", task_days=1),
        OutcomeKind("not_reached", reached=False, task="call_back", role="collector", task_days=1),
        OutcomeKind("refuses", task="decide_refusal", role="credit_manager", task_days=1),
        OutcomeKind("answered"),
    )
}

#: Reasons for which a person may stop reminders.
HOLD_REASONS = (
    "copy_wanted",
    "not_received",
    "awaiting_approval",
    "plan_asked",
    "dispute_to_open",
    "commercial",
    "negotiation",
    "our_mistake",
    "credit_note_to_come",
    "legal",
    "other",
)

#: Kinds of tasks; screens name them.
TASKS = (
    "decide_plan",
    "open_dispute",
    "send_copy",
    "call_back",
    "find_contact",
    "decide_refusal",
    "find_receipt",
    "promise_broken",
    "plan_broken",
    "issue_credit_note",
    "settle_dispute",
    "decide_hold",
    "decide_objection",
    "decide_order_hold",
    "answer_comment",
    "other",
)
