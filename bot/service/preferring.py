"""What a member has chosen for good: how to be told, and defaults for the next wish."""

from dataclasses import asdict, replace
from typing import Any

from bot.domain.members import Preferences
from bot.domain.wishes import SongWish, checked_tags
from bot.service.parts import Parts


class Preferring:
    """Reads and changes a member's own preferences."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def get(self, user_id: int) -> Preferences:
        """What a member has chosen so far."""
        return await self._parts.members.get(user_id)

    async def filled(self, wish: SongWish, user_id: int) -> SongWish:
        """A new wish for a song, what it leaves open filled in with what its member has chosen for good."""
        chosen = await self.get(user_id)
        return replace(
            wish,
            model=wish.model or self.usable_model(chosen),
            version=wish.version or chosen.version,
            tags=wish.tags or chosen.tags,
            instrumental=chosen.instrumental if wish.instrumental is None else wish.instrumental,
        )

    def usable_model(self, chosen: Preferences) -> str | None:
        """The model that a member has chosen; None if there is none, or if it is known to make no music any more."""
        return self._parts.usable_model(chosen.model)

    async def change(self, user_id: int, **choices: Any) -> Preferences:  # noqa: ANN401 -- fields of `Preferences`
        """Choose anew; what is not named stays.

        Raises:
            Refused: a model that does not make music.
            WishError: tags that are too long or hold a secret.
        """
        if choices.get("tags") is not None:
            choices["tags"] = checked_tags(choices["tags"])
        if (model := choices.get("model")) is not None:
            choices["model"] = self._parts.music_model(model).id
        return await self._parts.members.change(user_id, **choices)

    async def reset(self, user_id: int) -> Preferences:
        """Forget all that a member has chosen."""
        return await self._parts.members.change(**asdict(Preferences(user_id=user_id)))
