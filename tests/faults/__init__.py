"""What breaks a hall, as functions that tests call in short and `make faults` at length; each returns its figures or raises AssertionError."""
