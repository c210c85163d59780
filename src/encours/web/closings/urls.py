"""Addresses of Cadrage and arrêtés."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.closings import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Reconciliation and closings"), "closings", "closing", 50, "a", whole=True, group="data")
urlpatterns = [
    path("closings/", views.closings, name="closings"),
    path("closings/lines.<slug:kind>", views.export_lines, name="closings_lines"),
    path("closings/balances/", views.enter_balances, name="closings_enter"),
    path("closings/seal/", views.seal, name="closings_seal"),
    path("closings/<int:closing_id>/", views.closing, name="closing"),
    path("closings/<int:closing_id>/export.<slug:kind>", views.export_closing, name="closing_export"),
    path("closings/<int:closing_id>/reopen/", views.reopen, name="closing_reopen"),
]
