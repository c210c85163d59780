"""The address of search; it has no sidebar entry: `/` is everywhere."""

from django.urls import path

from encours.web.search import views

urlpatterns = [path("search/", views.search, name="search")]
