"""The demonstration: fictional people and a year of records, made by the same rules as real ones."""
