"""Addresses of Settings."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.administration import views
from encours.web.shell.nav import NavEntry

NAV = NavEntry(
    _("Settings"),
    "settings",
    "settings",
    90,
    "s",
    ("see_rights", "manage_users", "manage_settings", "manage_portfolios"),
    group="data",
)
urlpatterns = [
    path("settings/", views.settings, name="settings"),
    path("settings/users/", views.add_user, name="settings_add_user"),
    path("settings/users/<int:user_id>/active/", views.set_user_active, name="settings_user_active"),
    path("settings/roles/", views.add_role, name="settings_add_role"),
    path("settings/roles/<int:role_id>/revoke/", views.drop_role, name="settings_revoke_role"),
    path("settings/delegations/", views.add_delegation, name="settings_add_delegation"),
    path("settings/delegations/<int:delegation_id>/end/", views.drop_delegation, name="settings_end_delegation"),
    path("settings/portfolios/", views.add_portfolio, name="settings_add_portfolio"),
    path("settings/portfolios/<int:portfolio_id>/delete/", views.drop_portfolio, name="settings_delete_portfolio"),
    path("settings/letters/", views.change_letters, name="settings_letters"),
    path("settings/mail/", views.change_mail, name="settings_mail"),
    path("settings/rules/", views.change_rule, name="settings_change"),
]
