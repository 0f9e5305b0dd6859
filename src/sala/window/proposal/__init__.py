"""Which service do a resident's own words mean? A small model, learned from the pack's texts, read with NumPy alone."""
