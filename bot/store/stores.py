"""All stores over one database, for the module that puts the program together."""

from dataclasses import dataclass
from typing import Self

from bot.clock import Clock
from bot.domain.rules import Rules
from bot.store.audit import AuditStore
from bot.store.database import Database
from bot.store.drafts import DraftStore
from bot.store.erasures import ErasureStore
from bot.store.exports import ExportStore
from bot.store.lyrics import LyricsStore
from bot.store.members import MemberStore
from bot.store.notices import NoticeStore
from bot.store.outages import OutageStore
from bot.store.queue import QueueStore
from bot.store.remembered import RememberedStore
from bot.store.servers import ServerStore
from bot.store.singing import SingingStore
from bot.store.tasks import TaskStore
from bot.store.usage import UsageStore
from bot.store.versions import VersionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """One of each kind. Who works with rows takes the ones that it needs, never this."""

    tasks: TaskStore
    drafts: DraftStore
    lyrics: LyricsStore
    members: MemberStore
    servers: ServerStore
    notices: NoticeStore
    queue: QueueStore
    audit: AuditStore
    usage: UsageStore
    erasures: ErasureStore
    exports: ExportStore
    remembered: RememberedStore
    versions: VersionStore
    singing: SingingStore
    outages: OutageStore

    @classmethod
    def over(
        cls, database: Database, clock: Clock, *, sings_prompt: bool | None = None, new_servers: Rules = Rules()
    ) -> Self:
        """The stores of a database whose tables are up to date; for `sings_prompt` see `SingingStore`.

        Servers that are new to the database get the rules `new_servers`.
        """
        return cls(
            tasks=TaskStore(database, clock),
            drafts=DraftStore(database, clock),
            lyrics=LyricsStore(database, clock),
            members=MemberStore(database),
            servers=ServerStore(database, clock, new_servers),
            notices=NoticeStore(database, clock),
            queue=QueueStore(database),
            audit=AuditStore(database),
            usage=UsageStore(database, clock),
            erasures=ErasureStore(database, clock),
            exports=ExportStore(database),
            remembered=RememberedStore(database),
            versions=VersionStore(database),
            singing=SingingStore(database, told=sings_prompt),
            outages=OutageStore(database, clock),
        )
