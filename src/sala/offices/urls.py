"""Addresses of offices; mounted under each language."""

from django.urls import path

from sala.offices import pages

urlpatterns = [path("holidays", pages.holidays, name="holidays")]
