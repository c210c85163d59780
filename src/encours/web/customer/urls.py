"""Addresses of one customer."""

from django.urls import path

from encours.web.customer import views

urlpatterns = [
    path("customer/statement/<path:customer_id>.pdf", views.statement, name="customer_statement"),
    path("customer/delays/<path:customer_id>", views.delays, name="customer_delays"),
    path("customer/note/<path:customer_id>", views.note, name="customer_note"),
    path("customer/<path:customer_id>", views.customer, name="customer"),
]
