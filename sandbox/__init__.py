"""A TokenLab of our own for tests and the demo: stand-in server, tunes, covers and lyrics. The bot never imports it."""
