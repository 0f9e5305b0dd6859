"""English formats for Django."""
