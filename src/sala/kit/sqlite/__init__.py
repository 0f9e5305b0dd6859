"""How is SQLite spoken to? As Django does, except where a waiting writer could hold up readers (`base`)."""
