"""Addresses of the tasks."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.shell.nav import NavEntry
from encours.web.tasks import views

NAV = NavEntry(_("Tasks"), "tasks", "tasks", 6, "k", acts=("write_comment",), group="chasing")
urlpatterns = [
    path("tasks/", views.tasks, name="tasks"),
    path("tasks/open/", views.open_one, name="task_open"),
    path("tasks/absence/", views.absence, name="task_absence"),
    path("tasks/<int:task_id>/close/", views.close, name="task_close"),
    path("tasks/<int:task_id>/give/", views.give, name="task_give"),
]
