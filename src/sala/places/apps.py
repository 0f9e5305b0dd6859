"""Django's name for the room `places` and what it registers when the house opens."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "sala.places"
    label = "places"

    def ready(self) -> None:
        """Tell the pack loader and the ledger how places are loaded and recomputed."""
        from django.utils.translation import gettext_lazy

        from sala.installation import packs
        from sala.kit.terms import N_
        from sala.ledger import registry
        from sala.places import bulk, queries, records
        from sala.places.terms import Act
        from sala.ui import menu

        registry.acts(Act)
        packs.register("places", 10, bulk.load)
        menu.register(menu.Entry("places", gettext_lazy("List of places"), 60, bar="foot"))
        registry.register(
            records.PROVINCE, records.province_content, N_("Administrative units of a province")
        )
        registry.name_places(lambda keys: queries.titles(key for key in keys if key))
