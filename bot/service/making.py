"""From a wish to the row of a music task: which model, which version, which clip, and what can't be made."""

import re
from dataclasses import dataclass
from typing import Any

from bot.domain.price import Price
from bot.domain.refusals import Reason, Refused, WishPart
from bot.domain.rules import EVERYWHERE, Rules, Server
from bot.domain.tasks import MusicTask, NewTask, State
from bot.domain.wishes import ContinuationWish, LyricsWish, SongWish, Wish, checked
from bot.service.parts import Asker, Parts, check_kept
from bot.service.ruling import check_words
from bot.tokenlab.catalogue import Availability
from bot.tokenlab.models import choose_clip

MODEL_ID = re.compile(r"[\w.:/-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a wish comes from, which is unique, and the message that will be its card if that is there already."""

    key: str
    message_id: int | None = None


class Maker:
    """Fills in what a wish leaves open, from its parent or the operator's settings."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def new_task(self, wish: Wish, asker: Asker, server: Server, origin: Origin) -> NewTask:
        """The row that a wish becomes under the rules of its server.

        Raises:
            Refused: it can't be made, or not by this member.
            WishError: the wish itself can't be taken.
        """
        common: dict[str, Any] = {
            "origin_key": origin.key,
            "kind": wish.kind,
            "user_id": asker.user_id,
            "guild_id": asker.guild_id,
            "channel_id": asker.channel_id,
            "locale": server.rules.locale or asker.locale,
            "message_id": origin.message_id,
            "interaction_id": asker.interaction_id,
            "interaction_token": asker.interaction_token if origin.message_id is None else None,
            "token_at": asker.asked_at,
            "attachment_limit_bytes": asker.attachment_limit_bytes,
        }
        made = await self._made(checked(wish), asker, server.rules)
        self._check_negative_tags(made["model"], made.get("negative_tags"))
        await check_words(self._parts, server, {part: made.get(part) for part in WishPart})
        if (price := self.price_of(made["model"])) is not None:
            common |= {"price_min_usd": price.min_usd, "price_max_usd": price.max_usd}
        return NewTask(**common, **made)

    async def price(self, wish: Wish, guild_id: int | None) -> Price | None:
        """What a wish would cost in a server, as far as the catalogue says."""
        match wish:
            case SongWish():
                rules = (await self._parts.servers.get(guild_id or EVERYWHERE)).rules
                return self.price_of(self._music_model(wish.model, rules))
            case LyricsWish():
                return self.price_of(self._lyrics_model(wish.model))
            case ContinuationWish():
                return self.price_of((await self._parts.known(wish.parent_id)).model)

    def price_of(self, model: str) -> Price | None:
        """What one request of a model costs, as far as the catalogue says."""
        found = self._parts.catalogue.find(model)
        return found.price if found else None

    async def _made(self, wish: Wish, asker: Asker, rules: Rules) -> dict[str, Any]:
        match wish:
            case SongWish():
                return self._song(wish, rules)
            case LyricsWish():
                return {"prompt": wish.prompt, "model": self._lyrics_model(wish.model)}
            case ContinuationWish():
                return await self._continuation(wish, asker)

    def _song(self, wish: SongWish, rules: Rules) -> dict[str, Any]:
        return {
            "prompt": wish.prompt,
            "title": wish.title,
            "tags": wish.tags,
            "negative_tags": wish.negative_tags,
            "instrumental": bool(wish.instrumental),
            "model": self._music_model(wish.model, rules),
            "version": wish.version or rules.version or self._parts.defaults.version,
            "parent_id": wish.lyrics_id,
        }

    async def _continuation(self, wish: ContinuationWish, asker: Asker) -> dict[str, Any]:
        parent = await self._parts.known(wish.parent_id)
        await self.check_continuable(parent, user_id=asker.user_id, channel_id=asker.channel_id)
        self.check_start(wish.at_s)
        return {
            "prompt": wish.prompt or parent.prompt,
            "title": parent.title or None,
            "tags": parent.tags,
            "negative_tags": parent.negative_tags,
            "instrumental": parent.instrumental,
            "model": parent.model,
            "version": parent.version,
            "parent_id": parent.id,
            "clip_id": self._clip_of(parent),
            "continue_at_s": wish.at_s,
        }

    async def check_continuable(self, parent: MusicTask, *, user_id: int, channel_id: int) -> None:
        """The owner anywhere, others only where the song was posted, unless its owner or its server has said no.

        Raises:
            Refused: it can't be continued, or not by this member.
        """
        if parent.user_id != user_id and parent.channel_id != channel_id:
            raise Refused(Reason.NOT_YOURS)
        if parent.user_id != user_id and not (parent.others_may_continue and await self._is_shared(parent)):
            raise Refused(Reason.NOT_OPEN)
        check_kept(parent)
        if not parent.kind.makes_audio:
            raise Refused(Reason.NO_CLIP)
        if parent.state is not State.COMPLETED:
            raise Refused(Reason.NOT_FINISHED)
        if self._clip_of(parent) is None:
            raise Refused(Reason.NO_CLIP)

    async def _is_shared(self, parent: MusicTask) -> bool:
        return (await self._parts.servers.get(parent.guild_id or EVERYWHERE)).rules.others_may_continue

    def check_start(self, at_s: float | None) -> None:
        """`upload-extend` needs to know from where.

        Raises:
            Refused: it is not said.
        """
        if self._parts.defaults.upload_extend and not at_s:
            raise Refused(Reason.NEEDS_START)

    def takes_negative_tags(self, model: str) -> bool:
        """Whether a model can be told which styles to keep out."""
        found = self._parts.catalogue.find(model)
        return found is not None and found.takes_negative_tags

    def _check_negative_tags(self, model: str, negative_tags: str | None) -> None:
        if negative_tags and not self.takes_negative_tags(model):
            raise Refused(Reason.NO_NEGATIVE_TAGS)

    def _clip_of(self, parent: MusicTask) -> str | None:
        if self._parts.defaults.upload_extend and parent.result and parent.result.tracks:
            return parent.result.tracks[0].audio_url
        return choose_clip(parent.clip_candidates, self._parts.defaults.clip_id_order)

    def _music_model(self, wanted: str | None, rules: Rules) -> str:
        if wanted is None:
            return self._parts.usable_model(rules.model) or self._parts.defaults.model
        if not self._parts.catalogue.is_loaded and MODEL_ID.fullmatch(wanted):
            return wanted  # nothing is known, so nothing is known against it
        return self._parts.music_model(wanted).id

    def _lyrics_model(self, wanted: str | None) -> str:
        catalogue = self._parts.catalogue
        choice = catalogue.lyrics_model()
        if wanted is not None and wanted != choice.model:
            if not catalogue.is_loaded:
                raise Refused(Reason.LYRICS_UNKNOWN)
            found = catalogue.find(wanted)
            if found is None or not found.writes_lyrics:
                raise Refused(Reason.UNKNOWN_MODEL)
            return found.id
        if choice.model is None:
            none = choice.availability is Availability.NONE
            raise Refused(Reason.NO_LYRICS_MODEL if none else Reason.LYRICS_UNKNOWN)
        return choice.model
