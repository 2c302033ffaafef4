"""Whether the provider sings prompts word for word: as the operator says, else as results have shown."""

from bot.store.database import Database
from bot.store.remembered import RememberedStore

NAME = "sings_prompt"


class SingingStore:
    """One remembered fact, which counts where the operator leaves it open."""

    def __init__(self, database: Database, *, told: bool | None = None) -> None:
        self._remembered = RememberedStore(database)
        self._told = told
        """What the operator says; None leaves it to results."""

    async def sings(self) -> bool:
        """Whether prompts are sung; no while nothing is known."""
        return await self._remembered.get(NAME) == str(True) if self._told is None else self._told

    async def learn(self, *, sings: bool) -> bool:
        """Remember what a result has shown; return whether that is news."""
        if self._told is not None or await self._remembered.get(NAME) == str(sings):
            return False
        await self._remembered.put(NAME, str(sings))
        return True
