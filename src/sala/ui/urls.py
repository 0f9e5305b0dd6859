"""Which addresses has the frame itself? The page of parts."""

from django.urls import path

from sala.ui import pages

urlpatterns = [
    path("parts", pages.parts, name="parts"),
    path("parts/staff", pages.parts_staff, name="parts-staff"),
]
