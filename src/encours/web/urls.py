"""Every URL: sign-in, and the screens found beside this module (a folder with `urls.py`)."""

from django.urls import include, path

from encours.web.shell.nav import screens

urlpatterns = [
    path("account/", include("allauth.urls")),
    *(path("", include(screen)) for screen in screens()),
]
handler400 = "encours.web.shell.views.bad_request"
handler403 = "encours.web.shell.views.forbidden"
handler404 = "encours.web.shell.views.not_found"
handler500 = "encours.web.shell.views.server_error"
