"""Addresses of the disputes."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.disputes import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Disputes"), "disputes", "disputes", 26, "p", group="chasing")
urlpatterns = [
    path("disputes/", views.disputes, name="disputes"),
    path("disputes/export.<str:kind>", views.export, name="disputes_export"),
    path("disputes/assign/<path:dispute_id>", views.assign, name="dispute_assign"),
    path("disputes/comment/<path:dispute_id>", views.comment, name="dispute_comment"),
    path("disputes/close/<path:dispute_id>", views.close, name="dispute_close"),
    path("disputes/one/<path:dispute_id>", views.dispute, name="dispute"),
]
