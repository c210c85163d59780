"""Addresses of the shell."""

from django.urls import path

from encours.web.shell import views

urlpatterns = [path("help/", views.shortcuts, name="help")]
