"""What every address of the screens answers to each of the cast. A new address without a line here fails the walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from encours.usecases import clock
from tests.web.cast import CAST, Town


@dataclass(frozen=True)
class Expected:
    """The status for each of the cast (`rest` for whoever is not named), and what is sent."""

    by: dict[str, int]
    rest: int
    method: str = "get"
    data: Callable[[Town], dict[str, Any]] = field(default=lambda town: {})
    query: str = ""

    def of(self, name: str) -> int:
        """The status that this person gets."""
        return self.by.get(name, self.rest)


def _all(names: str, status: int, rest: int, hidden: bool = False, **more: Any) -> Expected:
    """`names` get `status`, others `rest`; with `hidden`, who does not see A at all finds nothing there."""
    wanted = names.split()
    assert set(wanted) <= set(CAST)
    return Expected(dict.fromkeys(wanted, status) | (_HIDDEN if hidden else {}), rest, **more)


_A = "alice claude colette camille sacha"  # who sees customer A:0
_HIDDEN = {"victor": 404, "nemo": 404}
_CHASE = "alice claude colette"  # who chases A's customers
_CASH = "alice claude camille"  # who imports into A and applies its cash


def _post(
    names: str, rest: int, by: dict[str, int] | None = None, data: Callable[[Town], dict[str, Any]] | None = None
) -> Expected:
    found = _all(names, 302, rest)
    return Expected(found.by | (by or {}), rest, "post", data or (lambda town: {}))


EXPECTED: dict[str, Expected] = {
    "overview": Expected({}, 200),
    "overview_chart": Expected({}, 200, query="?currency=EUR"),
    "customers": Expected({}, 200),
    "customers_export": Expected({"nemo": 403}, 200),
    "customers_save_view": Expected({}, 302, "post", lambda town: {"name": "mine", "query": "state=overdue"}),
    "customers_delete_view": _post("alice", 404),
    "ready": Expected({}, 200),
    "ready_export": Expected({"nemo": 403}, 200),
    "search": Expected({}, 200, query="?q=Nothing"),
    "customer": _all(_A, 200, 404),
    "customer_statement": _all(_A, 200, 404),
    "customer_items": Expected({**dict.fromkeys(_A.split(), 200), "nemo": 403}, 404),
    "customer_delays": _all(_A, 200, 404),
    "tasks": Expected({}, 200),
    "task_absence": Expected({}, 302, "post"),
    "task_open": _post(
        "alice claude colette camille",
        404,
        {"sacha": 403},
        lambda town: {"of": "A", "title": "Look at it", "due_on": f"{clock.today()}", "owner": ""},
    ),
    "customer_follow": _post("alice claude colette", 404, dict.fromkeys(("camille", "sacha"), 403)),
    "customer_strategy": _post("alice claude", 404, dict.fromkeys(("colette", "camille", "sacha"), 403)),
    "customer_link_publish": _post("alice claude", 404, dict.fromkeys(("colette", "camille", "sacha"), 403)),
    "customer_link_revoke": _post("alice claude", 404, dict.fromkeys(("colette", "camille", "sacha"), 403)),
    "item_follow": _post("alice claude colette", 404, dict.fromkeys(("camille", "sacha"), 403)),
    "task_close": _post("alice claude colette camille", 404, {"sacha": 403}),
    "task_give": _post("alice claude colette camille", 404, {"sacha": 403}, lambda town: {"owner": "0"}),
    "customer_contact_add": _post(
        "alice claude colette camille",
        404,
        {"sacha": 403},
        lambda town: {"role": "cfo", "email": "f@zirconia.example"},
    ),
    "customer_contact_change": _post(
        "alice claude colette camille", 404, {"sacha": 403}, lambda town: {"role": "cfo", "phone": "0144000000"}
    ),
    "customer_contact_remove": _post("alice claude colette camille", 404, {"sacha": 403}),
    "disputes": Expected({}, 200),
    "disputes_export": Expected({"nemo": 403}, 200),
    "dispute": _all(_A, 200, 404),
    "dispute_assign": _post("alice claude colette camille", 404, {"sacha": 403}, lambda town: {"due_on": "2030-01-02"}),
    "dispute_comment": _post(_A, 404, data=lambda town: {"text": "they are right"}),
    "dispute_close": _post("alice claude colette camille", 404, {"sacha": 403}, lambda town: {"outcome": "paid"}),
    "my_customers": Expected({}, 200),
    "my_customer": _all(_A, 200, 404),
    "my_customer_log": _post(
        "alice claude colette sacha", 404, {"camille": 403}, lambda town: {"outcome": "answered", "detail": "soon"}
    ),
    "my_customer_hold": _post(
        "alice claude colette sacha",
        404,
        {"camille": 403},
        lambda town: {"reason": "legal", "until_on": f"{clock.today()}", "why": "a lawyer writes"},
    ),
    "my_customer_comment": _post(_A, 404, data=lambda town: {"text": "calls back on Monday"}),
    "my_customer_notice": _post("alice claude colette sacha", 404, {"camille": 403}, lambda town: {"answer": "go"}),
    "my_customer_objection": _post(
        "alice claude", 404, dict.fromkeys(("colette", "camille", "sacha"), 403), lambda town: {"decision": "overruled"}
    ),
    "my_customer_decide": _post(
        "alice claude colette", 404, {"camille": 403, "sacha": 403}, lambda town: {"decision": "refused"}
    ),
    "my_customer_lift": _post("alice claude colette sacha", 404, {"camille": 403}),
    "customer_note": _post(_A, 404, data=lambda town: {"text": "calls back on Monday"}),
    "item": _all(_A, 200, 404),
    "document": _all(_A, 200, 404),
    "receipts": Expected({}, 200),
    # A portfolio shows receipts that stand on its customers or pay their items; this one is nobody's yet.
    "receipt": _all("alice claude camille sacha", 200, 404),
    "receipts_propose": _post(_CASH, 403),
    "receipts_accept": _post(_CASH, 403, _HIDDEN),
    "receipts_undo": _post(_CASH, 404, {"sacha": 403}),
    "cash": _all(_CASH, 200, 403),
    "cash_figures": Expected({}, 200),
    "credits": _all(_CASH, 200, 403),
    "credits_set": _post(_CASH, 403, data=lambda town: {"pair": "A:0:note\tA:0:next"}),
    "credits_undo": _post(_CASH, 403),
    "cash_policy": _all(_CASH, 200, 403, query="?of=A"),
    "cash_policy_save": _post("alice", 403, data=lambda town: {"of": "A", "rounding:account": "6588"}),
    "cash_items": _all(_CASH, 200, 403, query="?q=ZIR"),
    "cash_confirm": _post(_CASH, 403),
    "cash_aside_all": _post(_CASH, 403),
    "cash_propose": _post(_CASH, 403),
    "cash_undo": _post(_CASH, 403),
    "cash_hold": _all(_CASH, 200, 403, method="post"),
    "cash_release": _all(_CASH, 204, 403, method="post"),
    "cash_gap": _all(_CASH, 200, 403, method="post", data=lambda town: {"item": "A:0:late", "amount:A:0:late": "12"}),
    "cash_apply": _post(_CASH, 403, data=lambda town: {"item": "A:0:late", "amount:A:0:late": "1234,56"}),
    "cash_advance": _post(_CASH, 403, data=lambda town: {"customer": "A:0"}),
    "cash_aside": _post(_CASH, 403, data=lambda town: {"reason": "interest"}),
    "cash_refuse": _post(_CASH, 403, data=lambda town: {"proposal": town.ids["proposal_id"]}),
    "advices": _all(_CASH, 200, 403),
    "advices_receive": _post(
        _CASH, 403, data=lambda town: {"entity": "A", "files": SimpleUploadedFile("avis.txt", b"FA-77 12,00\n")}
    ),
    "advice": _all(_CASH, 200, 403),
    "advice_head": _post(_CASH, 403, data=lambda town: {"total": "1234,56", "act": "save"}),
    "advice_line": _post(_CASH, 403, data=lambda town: {"line": "1", "item": "ZIR-001", "amount": "1", "act": "save"}),
    "advice_state": _post(_CASH, 403, data=lambda town: {"act": "aside"}),
    "differences": Expected({}, 200),
    "signals": Expected({}, 200),
    "signals_export": Expected({"nemo": 403}, 200),
    "signals_payers": Expected({"nemo": 403}, 200),
    "differences_export": Expected({"nemo": 403}, 200),
    "imports": _all(_CASH, 200, 403),
    "imports_receive": _post(
        _CASH, 403, data=lambda town: {"entity": "A", "files": SimpleUploadedFile("a.csv", b"Compte;Client\n1;X\n")}
    ),
    "import": _all(_CASH, 200, 403),
    "import_progress": _all(_CASH, 200, 403),
    "import_preview": _post(_CASH, 403, _HIDDEN),
    "import_commit": _post(_CASH, 403, _HIDDEN),
    "import_discard": _post(_CASH, 403, _HIDDEN),
    "import_mapping": _all(_CASH, 200, 403),
    "import_rejected": _all(_CASH, 200, 403),
    "import_issues": _all(_CASH, 200, 403),
    "exports": _all(_CASH, 200, 403),
    "exports_make": _post(_CASH, 403, _HIDDEN, lambda town: {"of": "A"}),
    "exports_bank": _post("alice", 403, _HIDDEN, lambda town: {"of": "A", "account": "x", "mode": "full"}),
    "exports_rules": _all(_CASH, 200, 403, hidden=True, query="?of=A"),
    "exports_rules_save": _post("alice", 403, _HIDDEN, lambda town: {"of": "A", "vat_rate": "5,5"}),
    "exports_batch": _all(_CASH, 200, 403, hidden=True),
    "exports_recall": _post(_CASH, 403, _HIDDEN),
    "exports_file": _all(_CASH, 200, 403, hidden=True),
    "closings": _all("colette nemo", 403, 200),
    "closings_lines": _all("alice claude camille sacha", 200, 403, hidden=True, query="?of=A&part=bank_only"),
    "closings_enter": _post(_CASH, 403, _HIDDEN, lambda town: {"of": "A"}),
    "closings_seal": _post("alice claude", 403, _HIDDEN, lambda town: {"of": "A", "month": "2020-02"}),
    "closing": _all("alice claude camille sacha", 200, 403, hidden=True),
    "closing_export": _all("alice claude camille sacha", 200, 403, hidden=True),
    "closing_reopen": _post("alice claude", 403, _HIDDEN, lambda town: {"why": "an invoice came late"}),
    "forecast": Expected({}, 200),
    "forecast_chart": Expected({}, 200, query="?of=A"),
    "forecast_scenario": Expected({}, 200, query="?of=A"),
    "forecast_customer": _all(_A, 200, 404),
    # What an address names and somebody does not see is another entity's to them; without any there is nothing to take.
    "forecast_export": Expected({"nemo": 403}, 200, query="?of=A"),
    "trust": _all(_CASH, 200, 403),
    "trust_chart": Expected({}, 200),
    "trust_posting": _post("alice claude", 403, _HIDDEN, lambda town: {"of": "A", "why": "looked through"}),
    "trust_budget": _post("alice claude", 403, _HIDDEN, lambda town: {"of": "A", "many": "500", "why": "enough"}),
    "trust_prior": _post("alice claude", 403, _HIDDEN, lambda town: {"of": "A", "why": "meanwhile"}),
    "trust_certify": _post(_CASH, 403, _HIDDEN, lambda town: {"of": "A"}),
    "trust_stratum": _post(
        _CASH, 403, _HIDDEN, lambda town: {"of": "A", "stratum": "amount_only", "on": "0", "why": "a wrong one"}
    ),
    "trust_judge": _post(_CASH, 403, _HIDDEN | {"colette": 404}, lambda town: {"right": "1"}),
    "trust_disagreements": _all(_CASH, 200, 403),
    "trust_disagreement": _post(_CASH, 403, _HIDDEN | {"colette": 404}, lambda town: {"verdict": "ours"}),
    "trust_disagreements_export": _all(_CASH, 200, 403),
    "trust_run": _all("alice claude", 200, 403, hidden=True),
    "trust_rewind": _post("alice claude", 403, _HIDDEN, lambda town: {"why": "a test"}),
    "trust_posts": _all("alice claude", 200, 403, hidden=True, query="?of=A&model=none"),
    "trust_rewind_posts": _post("alice claude", 403, _HIDDEN, lambda town: {"of": "A", "rule": "one", "why": "a test"}),
    "settings": _all("alice claude", 200, 403),
    "settings_add_user": _post(
        "alice", 403, data=lambda town: {"email": "new@example.org", "password": "a longer secret 42", "name": "New"}
    ),
    "settings_user_active": _post("alice", 403, data=lambda town: {"active": "0"}),
    "settings_add_role": _post(
        "alice", 403, data=lambda town: {"user": town.ids["user_id"], "entity": "A", "kind": "sales"}
    ),
    "settings_revoke_role": _post("alice", 403),
    "settings_add_delegation": _post(
        "alice", 403, data=lambda town: {"entity": "A", "act": "write_off", "role": "sales", "amount_max": "10"}
    ),
    "settings_end_delegation": _post("alice", 403),
    "settings_add_portfolio": _post(
        "alice claude", 403, data=lambda town: {"entity": "A", "name": "north", "collector": "N"}
    ),
    "settings_delete_portfolio": _post("alice claude", 403),
    "settings_letters": _post(
        "alice claude",
        403,
        data=lambda town: {
            "of": "A",
            "form": "payment",
            "payment.accounts:currency": "EUR",
            "payment.accounts:iban": "FR7630006000011234567890189",
            "payment.accounts:bic": "",
            "payment.accounts:holder": "",
        },
    ),
    "settings_mail": _post(
        "alice",
        403,
        data=lambda town: {
            "of": "A",
            "sender:address": "recouvrement@example.com",
            "server:host": "mail.example.com",
            "server:port": "587",
            "server:user": "u",
            "server:secret": "env:ENCOURS_MAIL_PASSWORD",
            "per_minute": "60",
            "copies": "none",
            "weekday": ["1", "2"],
            "from": "08:00",
            "to": "18:00",
            "megabytes": "10",
        },
    ),
    "settings_change": _post(
        "alice", 403, data=lambda town: {"of": "A", "key": "terms.default", "value": "45 days end of month"}
    ),
    "today": _all(_CHASE, 200, 403),
    "today_plan": _post(_CHASE, 403),
    "today_figures": _all(_CHASE, 200, 403),
    "today_action": _all(_CHASE, 200, 403, query="?do=call"),
    "today_aim": _post("alice claude", 403, data=lambda town: {"of": "A", "value": "month_end"}),
    "today_act": _post(_CHASE, 403, data=lambda town: {"act": "skip"}),
    "today_letter": _all(_CHASE, 404, 403),
    "outbox": _all(_CHASE, 200, 403),
    "outbox_send": _post(_CHASE, 403),
    "outbox_test_mode": _post("alice claude", 403, data=lambda town: {"of": "A", "on": "1"}),
    "outbox_message": _all(_CHASE, 200, 403),
    "outbox_file": _all(_CHASE, 200, 403),
    "outbox_act": _post(_CHASE, 403, data=lambda town: {"act": "discard"}),
    "scenarios": _all(_CHASE, 200, 403),
    "scenario": _all(_CHASE, 200, 403, query="?of=A&step=reminder_1"),
    "scenario_condition": _all(_CHASE, 200, 403, query="?of=A&name=when&at=1&when-1-column=customer.country"),
    "scenario_switch": _post("alice claude", 403, data=lambda town: {"of": "A", "state": "off"}),
    "scenario_step": _post(
        "alice claude", 403, data=lambda town: {"of": "A", "step": "reminder_1", "days": "4", "why": "a day later"}
    ),
    "scenario_new": _all("alice claude", 200, 403, query="?of=A"),
    "scenario_shape": _all("alice claude", 200, 403, query="?of=A"),
    "scenario_replay": _post("alice claude", 403, data=lambda town: {"of": "A", "months": "1"}),
    "scenario_replay_progress": _all(_CHASE, 200, 403, query="?of=A"),
    "scenario_replay_export": _all("alice claude", 200, 403, query="?of=A"),
    "scenario_experiment": _post(
        "alice claude",
        403,
        data=lambda town: {"of": "A", "share": "10", "amount_max": "5000", "days": "21", "why": "does it help?"},
    ),
    "scenario_restore": _post("alice claude", 403, data=lambda town: {"of": "A", "version": "1"}),
    "scenarios_choose": _post(_CHASE, 403, data=lambda town: {"scenario": "sme", "why": "asked for"}),
    "wording": _all(_CHASE, 200, 403),
    "wording_preview": _all(
        _CHASE,
        200,
        403,
        method="post",
        data=lambda town: {"code": "penalties", "language": "fr", "subject": "x", "text": "y", "customer": "A:0"},
    ),
    "wording_save": _post(
        "alice claude",
        403,
        data=lambda town: {
            "of": "A",
            "code": "penalties",
            "language": "fr",
            "subject": "x",
            "text": "y",
            "tone": "firm",
        },
    ),
    "wording_words": _all(_CHASE, 200, 403, query="?of=A&language=de"),
    "wording_restore": _post("alice claude", 403, data=lambda town: {"of": "A", "code": "penalties", "language": "fr"}),
    "help": Expected({}, 200),
}

#: Addresses of allauth: (a visitor's status, a signed-in user's).
SIGN_IN: dict[str, tuple[int, int]] = {
    "account_login": (200, 302),
    "account_logout": (302, 200),
    "account_inactive": (200, 200),
    "account_signup": (200, 302),
    "account_reauthenticate": (302, 200),
    "account_email": (302, 200),
    "account_email_verification_sent": (200, 200),
    "account_change_password": (302, 200),
    "account_set_password": (302, 302),
    "account_reset_password": (200, 200),
    "account_reset_password_done": (200, 200),
    "account_reset_password_from_key": (200, 200),
    "account_reset_password_from_key_done": (200, 200),
    "account_confirm_email": (200, 200),
    "account_confirm_login_code": (302, 302),
    "mfa_index": (302, 200),
    "mfa_authenticate": (302, 302),
    "mfa_reauthenticate": (302, 302),
    "mfa_activate_totp": (302, 302),
    "mfa_deactivate_totp": (302, 404),
    "mfa_view_recovery_codes": (302, 404),
    "mfa_generate_recovery_codes": (302, 302),
    "mfa_download_recovery_codes": (302, 404),
}
