"""Who stands on the other side of a camt detail."""

from __future__ import annotations

from encours.connectors.base.accounts import normal_account
from encours.connectors.camt.entry import Fields


def counterparty(detail: Fields, own_account: str | None, kind: str, credit: bool) -> tuple[str | None, str | None]:
    """Name and account of the other side: the debtor of money in, the creditor of money out.

    Banks print the parties of a returned payment as they stood in the payment, so where one side's account is
    ours it is the other one, and a returned direct debit names the customer who is its debtor.
    """
    debtor = detail.get("debtor") or detail.get("ultimate_debtor"), _account(detail, "debtor_account")
    creditor = detail.get("creditor") or detail.get("ultimate_creditor"), _account(detail, "creditor_account")
    if own_account and debtor[1] == own_account:
        return creditor
    if own_account and creditor[1] == own_account:
        return debtor
    wanted, other = (debtor, creditor) if credit != (kind == "return") else (creditor, debtor)
    return other if wanted == (None, None) and kind == "return" else wanted


def _account(detail: Fields, name: str) -> str | None:
    text = detail.get(name)
    return (normal_account(text)[:64] or None) if text else None
