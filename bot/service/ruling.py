"""The rules of a server, as its admins change them, and the words that it keeps out."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from bot.clock import Clock
from bot.domain.audit import Act, Deed
from bot.domain.changes import named
from bot.domain.limits import below_use
from bot.domain.rules import RuleChanges, Rules, Server
from bot.domain.wishes import normalise
from bot.service.admission import entry_in
from bot.service.models import Defaults, music_model, music_version, usable_model, versions_of
from bot.service.signals import Signals
from bot.store.erasures import ErasureStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from bot.tokenlab.catalogue import Catalogue


class Ruling:
    """Reads and changes the rules of a server; who may is decided by Discord, which offers the command."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        servers: ServerStore,
        erasures: ErasureStore,
        signals: Signals,
        catalogue: Catalogue,
        clock: Clock,
        defaults: Defaults,
    ) -> None:
        self._tasks = tasks
        self._servers = servers
        self._erasures = erasures
        self._signals = signals
        self._catalogue = catalogue
        self._clock = clock
        self._defaults = defaults

    async def get(self, guild_id: int) -> Server:
        """A server with the rules that hold now."""
        return await self._servers.get(guild_id)

    async def change(self, guild_id: int, actor_id: int, changes: RuleChanges) -> Mapping[str, int | Decimal]:
        """Change some of the rules; return what is in use of each changed limit that is now lower than its use.

        Raises:
            Refused: a model that does not make music, or a word that is no version.
        """
        if isinstance(changes.model, str):
            changes = replace(changes, model=music_model(self._catalogue, changes.model).id)
        if isinstance(changes.version, str):
            known = versions_of(self._catalogue, self._defaults)
            changes = replace(changes, version=music_version(changes.version, known))
        deed = Deed(act=Act.RULES, guild_id=guild_id, actor_id=actor_id)
        server = await self._servers.change_rules(guild_id, changes, deed)
        self._signals.queued()  # there may be room for more now
        in_use = await self._tasks.in_use(guild_id)
        return {name: in_use[name] for name in below_use(server.rules, in_use) if name in named(changes)}

    async def lost_by(self, guild_id: int, keep_days: int | None) -> int:
        """How many of a server's wishes would be erased if it kept them for this number of days; None is for good."""
        kept = (await self.get(guild_id)).rules.keep_days
        if keep_days is None or (kept is not None and keep_days >= kept):
            return 0
        return await self._erasures.older(guild_id, self._clock() - timedelta(days=keep_days))

    async def entry_in(self, guild_id: int, text: str) -> str | None:
        """Which word or pattern of a server would refuse a text; nothing is kept of it."""
        return await entry_in((await self.get(guild_id)).rules, normalise(text))

    def usable_model(self, rules: Rules) -> str | None:
        """The model of a server; None if it has none, or if that is known to make no music any more."""
        return usable_model(self._catalogue, rules.model)
