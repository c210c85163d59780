"""Addresses of the credit notes; they stand under cash application."""

from django.urls import path

from encours.web.credits import views

urlpatterns = [
    path("cash/credit-notes/", views.pairs, name="credits"),
    path("cash/credit-notes/set/", views.confirm, name="credits_set"),
    path("cash/credit-notes/undo/<int:decision_id>/", views.undo, name="credits_undo"),
]
