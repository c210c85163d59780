"""Addresses of the signals."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.shell.nav import NavEntry
from encours.web.signals import payers, views

NAV = NavEntry(_("Signals"), "signals", "signals", 22, "h")
urlpatterns = [
    path("signals/", views.signals, name="signals"),
    path("signals/export.<str:kind>", views.export, name="signals_export"),
    path("signals/payers.<str:kind>", payers.payers, name="signals_payers"),
]
