"""Addresses of cash application."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.cash import policy, views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Cash application"), "cash", "cash", 25, "l", acts=("accept_match",), group="cash", phone=2)
urlpatterns = [
    path("cash/", views.cash, name="cash"),
    path("cash/figures/", views.figures, name="cash_figures"),
    path("cash/policy/", policy.policy, name="cash_policy"),
    path("cash/policy/save/", policy.save, name="cash_policy_save"),
    path("cash/confirm/", views.confirm, name="cash_confirm"),
    path("cash/aside/", views.aside_all, name="cash_aside_all"),
    path("cash/propose/", views.propose, name="cash_propose"),
    path("cash/undo/<int:decision_id>/", views.undo, name="cash_undo"),
    path("cash/items/<path:receipt_id>", views.items, name="cash_items"),
    path("cash/gap/<path:receipt_id>", views.gap, name="cash_gap"),
    path("cash/hold/<path:receipt_id>", views.hold, name="cash_hold"),
    path("cash/release/<path:receipt_id>", views.release, name="cash_release"),
    path("cash/apply/<path:receipt_id>", views.apply, name="cash_apply"),
    path("cash/advance/<path:receipt_id>", views.advance, name="cash_advance"),
    path("cash/aside/<path:receipt_id>", views.aside, name="cash_aside"),
    path("cash/refuse/<path:receipt_id>", views.refuse, name="cash_refuse"),
]
