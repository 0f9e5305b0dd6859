"""How does Django write dates and numbers where it does so itself? One module a language."""
