"""Addresses of the Overview."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.overview import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Overview"), "overview", "overview", 10, "o", phone=3)
urlpatterns = [
    path("", views.overview, name="overview"),
    path("overview/chart/<slug:kind>/", views.chart, name="overview_chart"),
]
