"""Addresses of one item."""

from django.urls import path

from encours.web.item import views

urlpatterns = [
    path("item/document/<path:document_id>", views.document, name="document"),
    path("item/follow/<path:item_id>", views.follow, name="item_follow"),
    path("item/<path:item_id>", views.item, name="item"),
]
