"""Addresses of the outbox."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.outbox import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Outbox"), "outbox", "outbox", 12, "b", ("approve_message", "plan_dunning"), group="chasing", phone=7)
urlpatterns = [
    path("outbox/", views.outbox, name="outbox"),
    path("outbox/send/", views.send, name="outbox_send"),
    path("outbox/test-mode/", views.test_mode, name="outbox_test_mode"),
    path("outbox/<uuid:message_id>/", views.message, name="outbox_message"),
    path("outbox/<uuid:message_id>/file/<int:file_number>/", views.file, name="outbox_file"),
    path("outbox/<uuid:message_id>/act/", views.act, name="outbox_act"),
]
