"""x"""

from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("imports/", lambda r: HttpResponse(""), name="imports")]
