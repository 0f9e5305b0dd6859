"""Which addresses do places answer?"""

from django.urls import path

from sala.places import pages

urlpatterns = [
    path("places", pages.index, name="places"),
    path("places/search", pages.search, name="places-search"),
    path("places/<str:key>", pages.detail, name="place"),
]
