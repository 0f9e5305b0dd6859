"""Which addresses has the frame itself? The page of parts."""

from django.urls import path

from sala.ui.pages import parts, parts_staff

urlpatterns = [
    path("parts", parts, name="parts"),
    path("parts/staff", parts_staff, name="parts-staff"),
]
