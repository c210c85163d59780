"""Addresses of the export to the ERP."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.exports import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Export to the ERP"), "exports", "exports", 51, "e", ("export",), whole=True, group="data")
urlpatterns = [
    path("exports/", views.exports, name="exports"),
    path("exports/make/", views.make, name="exports_make"),
    path("exports/bank/", views.bank, name="exports_bank"),
    path("exports/rules/", views.rules, name="exports_rules"),
    path("exports/rules/save/", views.save_rules, name="exports_rules_save"),
    path("exports/<int:batch_id>/", views.batch, name="exports_batch"),
    path("exports/<int:batch_id>/recall/", views.recall, name="exports_recall"),
    path("exports/<int:batch_id>/file.<slug:kind>", views.file, name="exports_file"),
]
