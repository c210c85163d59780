"""Addresses of Imports."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.imports import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Imports"), "imports", "imports", 50, "i", ("import_files", "see_audit"), group="data")
urlpatterns = [
    path("imports/", views.imports, name="imports"),
    path("imports/receive/", views.receive, name="imports_receive"),
    path("imports/<int:import_id>/", views.one, name="import"),
    path("imports/<int:import_id>/progress/", views.progress, name="import_progress"),
    path("imports/<int:import_id>/preview/", views.preview, name="import_preview"),
    path("imports/<int:import_id>/commit/", views.commit, name="import_commit"),
    path("imports/<int:import_id>/discard/", views.discard, name="import_discard"),
    path("imports/<int:import_id>/issues.<str:kind>", views.issues, name="import_issues"),
    path("imports/<int:import_id>/files/<int:file_id>/mapping/", views.mapping, name="import_mapping"),
    path("imports/<int:import_id>/files/<int:file_id>/rejected/", views.rejected, name="import_rejected"),
]
