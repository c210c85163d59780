"""Addresses of "Ready to send?"."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.ready import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Ready to send?"), "ready", "letter", 18, "v", ("approve_message", "manage_contacts"), group="chasing")
urlpatterns = [
    path("ready/", views.ready, name="ready"),
    path("ready/export.<str:kind>", views.export, name="ready_export"),
]
