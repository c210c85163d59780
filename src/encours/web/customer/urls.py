"""Addresses of one customer."""

from django.urls import path

from encours.web.customer import views

urlpatterns = [
    path("customer/statement/<path:customer_id>.pdf", views.statement, name="customer_statement"),
    path("customer/delays/<path:customer_id>", views.delays, name="customer_delays"),
    path("customer/note/<path:customer_id>", views.note, name="customer_note"),
    path("customer/contact/add/<path:customer_id>", views.contact_add, name="customer_contact_add"),
    path("customer/contact/change/<path:contact_id>", views.contact_change, name="customer_contact_change"),
    path("customer/contact/remove/<path:contact_id>", views.contact_remove, name="customer_contact_remove"),
    path("customer/<path:customer_id>", views.customer, name="customer"),
]
