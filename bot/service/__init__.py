"""What people can do: the use cases that cogs call. Knows rows and rules; knows neither Discord nor SQL nor HTTP.

Everything that is refused is a `Refused` or a `WishError`, before anything is written.
"""

from collections.abc import Set as AbstractSet

from bot.clock import Clock
from bot.service.access import Asker, title_of
from bot.service.accounting import Accounting, Report
from bot.service.admission import Admission, PlacesAbove
from bot.service.asking import Asking, RepeatedError
from bot.service.boards import Boards
from bot.service.deciding import Deciding
from bot.service.guests import Guests
from bot.service.kin import Branch
from bot.service.library import Library, Page
from bot.service.lyrics import Earlier, LyricsDesk
from bot.service.making import Maker
from bot.service.models import Defaults
from bot.service.moderating import Doors, Moderating
from bot.service.preferring import Preferring
from bot.service.privacy import Keeping, Privacy
from bot.service.queue import AuditPage, Queue, QueuePage
from bot.service.ruling import Ruling
from bot.service.signals import Signals
from bot.store.stores import Stores
from bot.tokenlab.catalogue import Catalogue

__all__ = [
    "Asker", "AuditPage", "Branch", "Defaults", "Doors", "Earlier", "Keeping", "Page", "QueuePage",
    "RepeatedError", "Report", "Service", "title_of",
]  # fmt: skip


class Service:
    """All use cases, by what a person wants."""

    def __init__(
        self,
        stores: Stores,
        *,
        catalogue: Catalogue,
        clock: Clock,
        defaults: Defaults,
        allowed_servers: AbstractSet[int] = frozenset(),
    ) -> None:
        self.signals = signals = Signals()
        self._admission = admission = Admission(
            tasks=stores.tasks, servers=stores.servers, notices=stores.notices, outages=stores.outages, clock=clock,
            allowed=allowed_servers,
        )  # fmt: skip
        tasks, servers = stores.tasks, stores.servers
        maker = Maker(
            tasks=tasks, servers=servers, versions=stores.versions, singing=stores.singing, admission=admission,
            catalogue=catalogue, defaults=defaults,
        )  # fmt: skip
        self.asking = Asking(
            tasks=tasks, drafts=stores.drafts, servers=servers, maker=maker, admission=admission, signals=signals,
            catalogue=catalogue, clock=clock, defaults=defaults,
        )  # fmt: skip
        """For a song, for lyrics, for going on with a song."""
        self.deciding = Deciding(tasks=tasks, admission=admission, signals=signals)
        """About a wish that waits, or that became unclear."""
        self.library = Library(tasks=tasks, signals=signals)
        """What was asked for, and what became of it."""
        self.lyrics = LyricsDesk(
            tasks=tasks, lyrics=stores.lyrics, servers=servers, admission=admission, signals=signals
        )
        """Lyrics that are changed by hand."""
        self.preferring = Preferring(members=stores.members, catalogue=catalogue, defaults=defaults)
        """What a member has chosen for good."""
        self.accounting = Accounting(servers=servers, usage=stores.usage, clock=clock)
        """What was used, and what it cost."""
        self.boards = Boards(servers=servers, notices=stores.notices, signals=signals)
        """What shows a channel how its server stands."""
        self.guests = Guests(servers=servers, signals=signals, allowed=allowed_servers)
        """Servers that the bot is added to."""
        self.privacy = Privacy(
            servers=servers, erasures=stores.erasures, exports=stores.exports, signals=signals, clock=clock,
            defaults=defaults,
        )  # fmt: skip
        """What is kept of a person, and for how long."""
        self.ruling = Ruling(
            tasks=tasks, servers=servers, erasures=stores.erasures, signals=signals, catalogue=catalogue, clock=clock,
            defaults=defaults,
        )  # fmt: skip
        """The rules of a server."""
        self.queue = Queue(
            tasks=tasks, servers=servers, outages=stores.outages, queue=stores.queue, audit=stores.audit, clock=clock,
            allowed=allowed_servers,
        )  # fmt: skip
        """A server's tasks and its audit, for its moderators."""
        self.moderating = Moderating(
            tasks=tasks, servers=servers, outages=stores.outages, deciding=self.deciding, signals=signals, clock=clock,
            allowed=allowed_servers,
        )  # fmt: skip
        """What moderators do in their server."""

    def use_places(self, above: PlacesAbove) -> None:
        """Name who can find out what a channel belongs to."""
        self._admission.places_above = above

    def close(self) -> None:
        """Take no more wishes: the program is stopping."""
        self._admission.close()
