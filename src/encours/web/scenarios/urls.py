"""Addresses of the scenarios."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.scenarios import conditions, editing, shaping, trials, views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Scenarios"), "scenarios", "scenarios", 16, "n", ("plan_dunning",), group="chasing", phone=20)
urlpatterns = [
    path("scenarios/", views.scenarios, name="scenarios"),
    path("scenarios/new/", shaping.new, name="scenario_new"),
    path("scenarios/condition/", conditions.condition, name="scenario_condition"),
    path("scenarios/choose/<str:customer_id>/", views.choose, name="scenarios_choose"),
    path("scenarios/<slug:code>/", views.one, name="scenario"),
    path("scenarios/<slug:code>/switch/", views.switch, name="scenario_switch"),
    path("scenarios/<slug:code>/step/", editing.step, name="scenario_step"),
    path("scenarios/<slug:code>/shape/", shaping.shape, name="scenario_shape"),
    path("scenarios/<slug:code>/restore/", views.restore, name="scenario_restore"),
    path("scenarios/<slug:code>/replay/", trials.replay, name="scenario_replay"),
    path("scenarios/<slug:code>/replay/progress/", trials.progress, name="scenario_replay_progress"),
    path("scenarios/<slug:code>/replay.<slug:kind>", trials.export, name="scenario_replay_export"),
    path("scenarios/<slug:code>/experiment/", trials.experiment, name="scenario_experiment"),
]
