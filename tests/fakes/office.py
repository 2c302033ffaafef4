"""The service on the real stores of a SQLite file, and who asks it; tests of the use cases begin here.

A module whose tests use it says `pytestmark = pytest.mark.usefixtures("databases")`.
"""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.audit import Deed
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import State
from bot.service import Asker, Defaults, Service
from bot.store.audit import write_deed
from bot.store.schema import lyrics_versions
from bot.store.stores import Stores
from bot.tokenlab.catalogue import Catalogue
from bot.tokenlab.model_info import ModelInfo
from tests.fakes.engine_fakes import SONG
from tests.fakes.rows import START, HandClock, Rows, make_task

DONE = make_task(state=State.COMPLETED, result=SONG, clip_candidates={"audio_id": ["clip_1"], "task_id": ["ld_1"]})
MODELS = [
    ModelInfo(id="suno-music", aliases=("suno_music",), operations=("music",)),
    ModelInfo(id="words", operations=("lyrics",)),
    ModelInfo(id="old", stage="retired", operations=("music",)),
]


class Office:
    """A service with everything around it."""

    def __init__(self, *tasks: Any, models: Any = MODELS, **defaults: Any) -> None:
        self.clock = HandClock()
        self.rows = Rows(self.clock, *tasks)
        database = self.rows.database
        self.catalogue = Catalogue(None, lyrics_model=None)  # type: ignore[arg-type]  # nothing is read here
        self.catalogue._models = None if models is None else tuple(models)
        values: dict[str, Any] = {
            "model": "suno-music",
            "version": "chirp-v4",
            "clip_id_order": ("audio_id", "task_id"),
            "upload_extend": False,
            "media_keep_days": 30.0,
            **defaults,
        }
        self.rung: list[str] = []
        stores = replace(Stores.over(database, self.clock), tasks=self.rows)
        self.service = Service(stores, catalogue=self.catalogue, clock=self.clock, defaults=Defaults(**values))
        self.service.signals.queued = lambda: self.rung.append("queued")
        self.service.signals.changed = lambda: self.rung.append("changed")
        self.drafts, self.members, self.servers = stores.drafts, stores.members, stores.servers
        self.lyrics, self.usage, self.notices = stores.lyrics, stores.usage, stores.notices


def asker(user_id: int = 7, **changes: Any) -> Asker:
    """A member in a channel of a server."""
    made = Asker(
        user_id=user_id, guild_id=70, channel_id=700, locale="en-US", is_moderator=False,
        places=frozenset({700}), roles=frozenset(), missing_permissions=(),
        interaction_id=500, interaction_token="secret", asked_at=START, attachment_limit_bytes=10,
    )  # fmt: skip
    return replace(made, **changes)


async def refused(doing: Any) -> Reason:
    """Why something is refused; fails if it is not."""
    with pytest.raises(Refused) as caught:
        await doing
    return caught.value.reason


def replaced(office: Office) -> list[str]:
    """The earlier texts of lyrics, the oldest first."""
    return [version.text for version in office.rows.all(lyrics_versions)]


def afterwards(store: object, name: str, happens: Callable[[], Any]) -> None:
    """Somebody else acts whenever a store has answered this question, before whoever asked it goes on."""
    asked = getattr(store, name)

    async def then(*args: Any, **kwargs: Any) -> Any:
        answer = await asked(*args, **kwargs)
        if inspect.isawaitable(acting := happens()):
            await acting
        return answer

    setattr(store, name, then)


async def keep_deeds(rows: Rows, *deeds: Deed) -> None:
    """Write these into the audit."""
    async with rows.database.write() as connection:
        for deed in deeds:
            await write_deed(connection, deed, START)
