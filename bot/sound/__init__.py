"""Reads, copies, tags and encodes sound and makes covers, in a process of its own. Knows nothing else of ours."""
