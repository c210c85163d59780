"""Every URL: sign-in, and the screens found beside this module."""

from django.urls import include, path

urlpatterns = [path("account/", include("allauth.urls"))]
