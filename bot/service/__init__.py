"""What people can do: the use cases that cogs call. Knows rows and rules; knows neither Discord nor SQL nor HTTP.

Everything that is refused is a `Refused` or a `WishError`, before anything is written.
"""

from bot.service.accounting import Accounting, Report
from bot.service.asking import Asking, RepeatedError
from bot.service.boards import Boards
from bot.service.deciding import Deciding
from bot.service.kin import Branch
from bot.service.library import Library, Page
from bot.service.lyrics import Earlier, LyricsDesk
from bot.service.moderating import Doors, Moderating
from bot.service.parts import Asker, Defaults, Parts, title_of
from bot.service.preferring import Preferring
from bot.service.privacy import Keeping, Privacy
from bot.service.queue import AuditPage, Queue, QueuePage
from bot.service.ruling import Ruling

__all__ = [
    "Asker", "AuditPage", "Branch", "Defaults", "Doors", "Earlier", "Keeping", "Page", "Parts", "QueuePage",
    "RepeatedError", "Report", "Service", "title_of",
]  # fmt: skip


class Service:
    """All use cases, by what a person wants."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.asking = Asking(parts)
        """For a song, for lyrics, for going on with a song."""
        self.deciding = Deciding(parts)
        """About a wish that waits, or that became unclear."""
        self.library = Library(parts)
        """What was asked for, and what became of it."""
        self.lyrics = LyricsDesk(parts)
        """Lyrics that are changed by hand."""
        self.preferring = Preferring(parts)
        """What a member has chosen for good."""
        self.accounting = Accounting(parts)
        """What was used, and what it cost."""
        self.boards = Boards(parts)
        """What shows a channel how its server stands."""
        self.privacy = Privacy(parts)
        """What is kept of a person, and for how long."""
        self.ruling = Ruling(parts)
        """The rules of a server."""
        self.queue = Queue(parts)
        """A server's tasks and its audit, for its moderators."""
        self.moderating = Moderating(parts, self.deciding)
        """What moderators do in their server."""

    def close(self) -> None:
        """Take no more wishes: the program is stopping."""
        self.parts.is_closing = True
