"""Addresses of Receipts."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.receipts import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Receipts"), "receipts", "receipts", 30, "r", group="cash", phone=6)
urlpatterns = [
    path("receipts/", views.receipts, name="receipts"),
    path("receipts/propose/", views.propose, name="receipts_propose"),
    path("receipts/accept/<int:proposal_id>/", views.accept, name="receipts_accept"),
    path("receipts/undo/<int:decision_id>/", views.undo, name="receipts_undo"),
    path("receipt/<path:receipt_id>", views.receipt, name="receipt"),
]
