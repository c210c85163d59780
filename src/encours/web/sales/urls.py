"""Addresses of a sales person's customers."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.sales import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(_("My customers"), "my_customers", "mine", 27, "y", acts=("ask_hold",), group="chasing")
urlpatterns = [
    path("my-customers/", views.mine, name="my_customers"),
    path("my-customers/log/<path:customer_id>", views.log, name="my_customer_log"),
    path("my-customers/hold/<path:customer_id>", views.hold, name="my_customer_hold"),
    path("my-customers/comment/<path:customer_id>", views.comment, name="my_customer_comment"),
    path("my-customers/notice/<int:notice_id>/", views.notice, name="my_customer_notice"),
    path("my-customers/objection/<int:notice_id>/", views.objection, name="my_customer_objection"),
    path("my-customers/decide/<int:hold_id>/", views.decide, name="my_customer_decide"),
    path("my-customers/lift/<int:hold_id>/", views.lift, name="my_customer_lift"),
    path("my-customers/one/<path:customer_id>", views.one, name="my_customer"),
]
