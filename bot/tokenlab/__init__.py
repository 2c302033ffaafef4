"""Typed client for the TokenLab music API. Knows HTTP; knows neither Discord nor SQL."""
