"""How do other programs report problems and follow them? Open311 GeoReport v2, in XML and JSON."""
