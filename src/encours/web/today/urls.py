"""Addresses of Today."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.shell.nav import NavEntry
from encours.web.today import aims, views

NAV = NavEntry(_("Today"), "today", "today", 5, "d", ("plan_dunning",), group="chasing", phone=1)
urlpatterns = [
    path("today/aim/", aims.aim, name="today_aim"),
    path("today/", views.today, name="today"),
    path("today/plan/", views.plan, name="today_plan"),
    path("today/figures/", views.figures, name="today_figures"),
    path("today/<int:number>/", views.action, name="today_action"),
    path("today/<int:number>/letter/", views.letter, name="today_letter"),
    path("today/<int:number>/act/", views.act, name="today_act"),
]
