"""Addresses of Customers."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.customers import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("Customers"), "customers", "customers", 20, "c", phone=4)
urlpatterns = [
    path("customers/", views.customers, name="customers"),
    path("customers/export.<slug:kind>", views.export, name="customers_export"),
    path("customers/views/", views.save_view, name="customers_save_view"),
    path("customers/views/<int:view_id>/delete/", views.delete_view, name="customers_delete_view"),
]
