"""Limits on what this process may use, set before it looks at anything that a stranger made."""

import os
import resource
import signal
from contextlib import suppress

from bot.sound.jobs import Limits

_NICENESS = 5
_FILES_MAX = 64


def confine(limits: Limits) -> None:
    """Take on the limits for good: the kernel ends the process if it exceeds them."""
    with suppress(OSError):
        os.nice(_NICENESS)  # the bot itself goes first
    for what, most in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.written_bytes),
        (resource.RLIMIT_NOFILE, _FILES_MAX),
        (resource.RLIMIT_CORE, 0),
    ):
        _, ceiling = resource.getrlimit(what)
        allowed = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        with suppress(OSError, ValueError):  # macOS has no limit on memory
            resource.setrlimit(what, (allowed, allowed))
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s)  # even if nobody is left to end us
