"""The counter's pages: the clerk's desk, the kiosk, the holder's page, the call screen, and the links of devices."""
