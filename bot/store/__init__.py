"""Rows on disk: SQLite or PostgreSQL through SQLAlchemy Core. Knows neither Discord nor HTTP."""
