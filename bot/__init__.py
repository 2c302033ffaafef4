"""Encore, a Discord bot that turns wishes into songs."""

__version__ = "0.1.0"
