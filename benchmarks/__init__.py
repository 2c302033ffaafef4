"""How long our own work takes where there is much of it. Not part of the program, and run by hand."""
