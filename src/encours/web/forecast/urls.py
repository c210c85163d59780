"""Addresses of the cash forecast."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.forecast import exports, views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Forecast"), "forecast", "forecast", 15, "f", phone=5)
urlpatterns = [
    path("forecast/", views.forecast, name="forecast"),
    path("forecast/chart/<slug:kind>/", views.chart, name="forecast_chart"),
    path("forecast/scenario/", views.scenario, name="forecast_scenario"),
    path("forecast/customer/<str:customer_id>", views.customer, name="forecast_customer"),
    path("forecast/<slug:part>.<slug:kind>", exports.export, name="forecast_export"),
]
