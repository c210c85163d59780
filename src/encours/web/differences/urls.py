"""Addresses of the differences; they stand under cash application."""

from django.urls import path

from encours.web.differences import views

urlpatterns = [
    path("cash/differences/", views.differences, name="differences"),
    path("cash/differences/export.<str:kind>", views.export, name="differences_export"),
]
