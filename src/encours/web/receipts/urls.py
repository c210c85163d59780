"""x"""

from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("receipts/", lambda r: HttpResponse(""), name="receipts"),
    path("receipts/<path:receipt_id>", lambda r, receipt_id: HttpResponse(""), name="receipt"),
]
