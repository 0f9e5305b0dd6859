"""Khmer formats for Django."""
