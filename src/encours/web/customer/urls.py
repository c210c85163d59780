"""Addresses of one customer."""

from django.urls import path

from encours.web.customer import acts, exports, views

urlpatterns = [
    path("customer/statement/<path:customer_id>.pdf", views.statement, name="customer_statement"),
    path("customer/items/<path:customer_id>.<slug:kind>", exports.items, name="customer_items"),
    path("customer/delays/<path:customer_id>", views.delays, name="customer_delays"),
    path("customer/note/<path:customer_id>", views.note, name="customer_note"),
    path("customer/contact/add/<path:customer_id>", views.contact_add, name="customer_contact_add"),
    path("customer/contact/change/<path:contact_id>", views.contact_change, name="customer_contact_change"),
    path("customer/contact/remove/<path:contact_id>", views.contact_remove, name="customer_contact_remove"),
    path("customer/follow/<path:customer_id>", acts.follow, name="customer_follow"),
    path("customer/strategy/<path:customer_id>", acts.strategy, name="customer_strategy"),
    path("customer/link/publish/<path:customer_id>", acts.publish, name="customer_link_publish"),
    path("customer/link/revoke/<str:token>", acts.revoke, name="customer_link_revoke"),
    path("customer/<path:customer_id>", views.customer, name="customer"),
]
