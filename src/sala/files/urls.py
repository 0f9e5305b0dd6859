"""Addresses of the room `files`: without a language, since pictures have none."""

from django.urls import path

from sala.files import pages

urlpatterns: list[object] = []
plain_urlpatterns = [
    path("files/<str:token>", pages.picture, name="file"),
    path("files/<str:token>/small", pages.picture, {"small": True}, name="file-small"),
]
