"""Reads, copies, tags and encodes sound in a process of its own (`python -m bot.sound`). Knows nothing else of ours."""
