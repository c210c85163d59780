"""Addresses of the templates."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.shell.nav import NavEntry
from encours.web.wording import frame, views

NAV = NavEntry(_("Templates"), "wording", "templates", 18, "w", ("plan_dunning",), group="chasing", phone=21)
urlpatterns = [
    path("templates/", views.templates, name="wording"),
    path("templates/preview/", views.preview, name="wording_preview"),
    path("templates/save/", views.save, name="wording_save"),
    path("templates/words/", frame.words, name="wording_words"),
    path("templates/restore/", views.restore, name="wording_restore"),
]
