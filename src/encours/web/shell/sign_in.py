"""How people get an account: an administrator makes it, nobody signs up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Sign-in without sign-up."""

    def is_open_for_signup(self, request: Any) -> bool:
        """Never: rights are given, not taken."""
        return False
