"""The store as a Django application."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Facts and workflow tables, all under the label `store`."""

    name = "encours.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
