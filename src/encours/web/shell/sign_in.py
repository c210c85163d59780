"""How people get an account, made by an administrator, and where their day begins."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.urls import reverse

from encours.usecases.rights import actor_of
from encours.web.shell.nav import home_of


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Sign-in without sign-up."""

    def is_open_for_signup(self, request: Any) -> bool:
        """Never: rights are given, not taken."""
        return False

    def get_login_redirect_url(self, request: Any) -> str:
        """The page that this person's day begins with."""
        return reverse(home_of(actor_of(request.user)))
