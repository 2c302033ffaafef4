"""What a member has chosen for good: how to be told, and defaults for the next wish."""

from dataclasses import replace

from bot.domain.members import NO_PREFERENCES, PreferenceChanges, Preferences
from bot.domain.wishes import SongWish, checked_tags
from bot.service.models import Defaults, music_model, music_version, usable_model, versions_of
from bot.store.members import MemberStore
from bot.tokenlab.catalogue import Catalogue


class Preferring:
    """Reads and changes a member's own preferences."""

    def __init__(self, *, members: MemberStore, catalogue: Catalogue, defaults: Defaults) -> None:
        self._members = members
        self._catalogue = catalogue
        self._defaults = defaults

    async def get(self, user_id: int) -> Preferences:
        """What a member has chosen so far."""
        return await self._members.get(user_id)

    async def filled(self, wish: SongWish, user_id: int) -> SongWish:
        """A new wish for a song, what it leaves open filled in with what its member has chosen for good."""
        chosen = await self.get(user_id)
        version = wish.version or chosen.version
        return replace(
            wish,
            model=wish.model or self.usable_model(chosen),
            version=version,
            version_chosen=version is not None,
            tags=wish.tags or chosen.tags,
            instrumental=chosen.instrumental if wish.instrumental is None else wish.instrumental,
        )

    def usable_model(self, chosen: Preferences) -> str | None:
        """The model that a member has chosen; None if there is none, or if it is known to make no music any more."""
        return usable_model(self._catalogue, chosen.model)

    async def change(self, user_id: int, changes: PreferenceChanges) -> Preferences:
        """Change choices; what is not named stays.

        Raises:
            Refused: a model that does not make music, or a word that is no version.
            WishError: tags that are too long or hold a secret.
        """
        if isinstance(changes.tags, str):
            changes = replace(changes, tags=checked_tags(changes.tags))
        if isinstance(changes.model, str):
            changes = replace(changes, model=music_model(self._catalogue, changes.model).id)
        if isinstance(changes.version, str):
            known = versions_of(self._catalogue, self._defaults)
            changes = replace(changes, version=music_version(changes.version, known))
        return await self._members.change(user_id, changes)

    async def reset(self, user_id: int) -> Preferences:
        """Forget all that a member has chosen."""
        return await self._members.change(user_id, NO_PREFERENCES)
