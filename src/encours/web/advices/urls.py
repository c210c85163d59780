"""Addresses of remittance advices; they stand under cash application."""

from django.urls import path

from encours.web.advices import views

urlpatterns = [
    path("cash/advices/", views.advices, name="advices"),
    path("cash/advices/receive/", views.receive, name="advices_receive"),
    path("cash/advices/of/<path:advice_id>", views.advice, name="advice"),
    path("cash/advices/head/<path:advice_id>", views.head, name="advice_head"),
    path("cash/advices/line/<path:advice_id>", views.line, name="advice_line"),
    path("cash/advices/state/<path:advice_id>", views.state, name="advice_state"),
]
