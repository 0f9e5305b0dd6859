"""Addresses of the pages of figures."""

from django.urls import path, re_path

from sala.measures import pages

urlpatterns = [
    path("figures", pages.figures, name="figures"),
    re_path(
        r"^figures/(?P<code>[a-z0-9_.]{1,64})/table\.(?P<kind>csv|xlsx|json)$",
        pages.figure_table,
        name="figure-table",
    ),
    re_path(r"^figures/(?P<code>[a-z0-9_.]{1,64})/map$", pages.figure_map, name="figure-map"),
    re_path(r"^figures/(?P<code>[a-z0-9_.]{1,64})/sources$", pages.figure_sources, name="figure-sources"),
    re_path(r"^figures/(?P<code>[a-z0-9_.]{1,64})$", pages.figure, name="figure"),
]
