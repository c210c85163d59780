"""The request as a screen sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from encours.usecases.viewing import Viewing


class Request(HttpRequest):
    """What the middleware adds: what the page is looked at with, and whether htmx asks."""

    viewing: Viewing
    htmx: HtmxDetails
