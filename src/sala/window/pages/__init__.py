"""What do residents and officers see at the window? Thin pages: read a form, call an action or a query, render."""
