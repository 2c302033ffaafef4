"""From a wish to the row of a music task: which model, which version, which clip, and what can't be made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.price import Price
from bot.domain.refusals import Reason, Refused, WishPart
from bot.domain.rules import EVERYWHERE, Rules, Server
from bot.domain.tasks import MusicTask, NewTask, State, TaskId
from bot.domain.versions import among, limits_of, nearest_newer, too_small
from bot.domain.wishes import ContinuationWish, LyricsWish, SongWish, Wish, WishError, WishProblem, checked
from bot.domain.wording import DESCRIPTION_MAX_CHARS, Sent, worded
from bot.service.access import Asker, check_kept, known
from bot.service.admission import Admission
from bot.service.models import Defaults, music_model, music_version, usable_model, versions_of
from bot.store.servers import ServerStore
from bot.store.singing import SingingStore
from bot.store.tasks import TaskStore
from bot.store.versions import VersionStore
from bot.tokenlab.catalogue import Availability, Catalogue
from bot.tokenlab.models import clip_of_take

MODEL_ID = re.compile(r"[\w.:/-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a wish comes from, which is unique, and the message that will be its card if that is there already."""

    key: str
    message_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A wish with nothing left open."""

    prompt: str
    title: str | None = None
    title_is_ours: bool = False
    tags: str | None = None
    negative_tags: str | None = None
    instrumental: bool = False
    sings_prompt: bool = False
    model: str
    version: str | None = None
    version_chosen: bool = False
    parent_id: TaskId | None = None
    parent_take: int | None = None
    clip_id: str | None = None
    continue_at_s: float | None = None

    @property
    def texts(self) -> Mapping[WishPart, str | None]:
        """What people have written."""
        return {
            WishPart.PROMPT: self.prompt,
            WishPart.TITLE: self.title,
            WishPart.TAGS: self.tags,
            WishPart.NEGATIVE_TAGS: self.negative_tags,
        }


class Maker:
    """Fills in what a wish leaves open, from its parent or the operator's settings."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        servers: ServerStore,
        versions: VersionStore,
        singing: SingingStore,
        admission: Admission,
        catalogue: Catalogue,
        defaults: Defaults,
    ) -> None:
        self._tasks = tasks
        self._versions = versions
        self._singing = singing
        self._servers = servers
        self._admission = admission
        self._catalogue = catalogue
        self._defaults = defaults

    async def new_task(self, wish: Wish, asker: Asker, server: Server, origin: Origin) -> NewTask:
        """The row that a wish becomes under the rules of its server.

        Raises:
            Refused: it can't be made, or not by this member.
            WishError: the wish itself can't be taken.
        """
        made = await self._made(checked(wish), asker, server.rules)
        self._check_negative_tags(made.model, made.negative_tags)
        await self._admission.check_words(server, made.texts)
        price = self.price_of(made.model)
        return NewTask(
            origin_key=origin.key,
            kind=wish.kind,
            user_id=asker.user_id,
            guild_id=asker.guild_id,
            channel_id=asker.channel_id,
            locale=server.rules.locale or asker.locale,
            prompt=made.prompt,
            title=made.title,
            title_is_ours=made.title_is_ours,
            tags=made.tags,
            negative_tags=made.negative_tags,
            instrumental=made.instrumental,
            sings_prompt=made.sings_prompt,
            model=made.model,
            version=made.version,
            version_chosen=made.version_chosen,
            price_min_usd=price.min_usd if price else None,
            price_max_usd=price.max_usd if price else None,
            parent_id=made.parent_id,
            parent_take=made.parent_take,
            clip_id=made.clip_id,
            continue_at_s=made.continue_at_s,
            message_id=origin.message_id,
            interaction_id=asker.interaction_id,
            interaction_token=asker.interaction_token if origin.message_id is None else None,
            token_at=asker.asked_at,
            attachment_limit_bytes=asker.attachment_limit_bytes,
        )

    async def price(self, wish: Wish, guild_id: int | None) -> Price | None:
        """What a wish would cost in a server, as far as the catalogue says."""
        match wish:
            case SongWish():
                rules = (await self._servers.get(guild_id or EVERYWHERE)).rules
                return self.price_of(self._music_model(wish.model, rules))
            case LyricsWish():
                return self.price_of(self._lyrics_model(wish.model))
            case ContinuationWish():
                return self.price_of((await known(self._tasks, wish.parent_id)).model)

    def price_of(self, model: str) -> Price | None:
        """What one request of a model costs, as far as the catalogue says."""
        found = self._catalogue.find(model)
        return found.price if found else None

    async def _made(self, wish: Wish, asker: Asker, rules: Rules) -> Made:
        match wish:
            case SongWish():
                return await self._song(wish, rules)
            case LyricsWish():
                return Made(prompt=wish.prompt, model=self._lyrics_model(wish.model))
            case ContinuationWish():
                return await self._continuation(wish, asker)

    async def _song(self, wish: SongWish, rules: Rules) -> Made:
        sings_prompt = await self._singing.sings()
        sent = worded(
            prompt=wish.prompt,
            title=wish.title,
            tags=wish.tags,
            title_is_ours=wish.title_is_ours,
            has_lyrics=wish.lyrics_id is not None,
            sings_prompt=sings_prompt,
        )
        if sent.is_too_long:
            raise WishError(WishProblem.DESCRIPTION_TOO_LONG, limit=DESCRIPTION_MAX_CHARS)
        version = await self._version(wish, sent, rules)
        _check_fits(version, sent)
        return Made(
            prompt=wish.prompt,
            title=wish.title,
            title_is_ours=wish.title_is_ours,
            tags=wish.tags,
            negative_tags=wish.negative_tags,
            instrumental=bool(wish.instrumental),
            sings_prompt=sings_prompt,
            model=self._music_model(wish.model, rules),
            version=version,
            version_chosen=wish.version_chosen,
            parent_id=wish.lyrics_id,
        )

    async def _version(self, wish: SongWish, sent: Sent, rules: Rules) -> str:
        """The version that was chosen, else a first guess.

        One that is known to be refused gives way here already, and so does one whose limits these texts exceed.
        """
        if wish.version is not None and wish.version_chosen:
            return music_version(wish.version, versions_of(self._catalogue, self._defaults))
        first, order = wish.version or rules.version or self._defaults.version, self._defaults.versions
        found = await self._versions.found(order)
        guess = found.guess(first, order) or first
        short = too_small((guess, *order), title=sent.title, tags=sent.tags, prompt=sent.prompt)
        if not among(guess, short):
            return guess
        return nearest_newer(guess, order, but=(*found.refused, *short)) or guess

    async def _continuation(self, wish: ContinuationWish, asker: Asker) -> Made:
        parent = await known(self._tasks, wish.parent_id)
        await self.check_continuable(parent, user_id=asker.user_id, channel_id=asker.channel_id)
        take = self.chosen_take(wish.take, parent)
        self.check_start(wish.at_s, take, parent)
        version = parent.version or self._defaults.version
        _check_fits(version, Sent(prompt=wish.prompt or ""))
        return Made(
            prompt=wish.prompt or parent.prompt,
            title=parent.title or None,
            title_is_ours=True,
            tags=parent.tags,
            negative_tags=parent.negative_tags,
            instrumental=parent.instrumental,
            model=parent.model,
            version=version,
            parent_id=parent.id,
            parent_take=take if len(parent.takes) > 1 else None,
            clip_id=self._clip_of(parent, take),
            continue_at_s=wish.at_s,
        )

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
        if not self.takes_to_continue(parent):
            raise Refused(Reason.NO_CLIP)

    def takes_to_continue(self, parent: MusicTask) -> list[int]:
        """The numbers of the takes that can be continued."""
        return [number for number in _numbers(parent) if self._clip_of(parent, number) is not None]

    def chosen_take(self, wanted: int | None, parent: MusicTask) -> int:
        """The number of the take that is continued: where none is named, the first one that can be heard here.

        Raises:
            Refused: there is no such take, or nothing by which it can be continued.
        """
        numbers = self.takes_to_continue(parent)
        if not numbers:
            raise Refused(Reason.NO_CLIP)
        if wanted is None:
            here = [one.take for one in parent.media if one.take in numbers]
            return min(here or numbers)
        if wanted not in _numbers(parent):
            raise Refused(Reason.NO_SUCH_TAKE, *map(str, _numbers(parent)))
        if wanted not in numbers:
            raise Refused(Reason.NO_CLIP_OF_TAKE, *map(str, numbers))
        return wanted

    async def _is_shared(self, parent: MusicTask) -> bool:
        return (await self._servers.get(parent.guild_id or EVERYWHERE)).rules.others_may_continue

    def check_start(self, at_s: float | None, take: int, parent: MusicTask) -> None:
        """A take goes on from a moment that it has, and `upload-extend` needs to know from which.

        Raises:
            Refused: it is not said, or beyond the end as far as that is known.
        """
        if self._defaults.upload_extend and not at_s:
            raise Refused(Reason.NEEDS_START, parent.inside_s)
        length_s = parent.length_of(take)
        if at_s is not None and length_s is not None and at_s >= length_s:
            raise Refused(Reason.BEYOND_END, length_s)

    async def sings_prompt(self) -> bool:
        """Whether the words of a song with title and styles are sung as they are written."""
        return await self._singing.sings()

    def takes_negative_tags(self, model: str) -> bool:
        """Whether a model can be told which styles to keep out."""
        found = self._catalogue.find(model)
        return found is not None and found.takes_negative_tags

    def _check_negative_tags(self, model: str, negative_tags: str | None) -> None:
        if negative_tags and not self.takes_negative_tags(model):
            raise Refused(Reason.NO_NEGATIVE_TAGS)

    def _clip_of(self, parent: MusicTask, take: int) -> str | None:
        tracks = parent.result.tracks if parent.result else ()
        if self._defaults.upload_extend and tracks:
            return tracks[take - 1].audio_url
        return clip_of_take(tracks, take, parent.clip_candidates, self._defaults.clip_id_order)

    def _music_model(self, wanted: str | None, rules: Rules) -> str:
        if wanted is None:
            return usable_model(self._catalogue, rules.model) or self._defaults.model
        if not self._catalogue.is_loaded and MODEL_ID.fullmatch(wanted):
            return wanted  # nothing is known, so nothing is known against it
        return music_model(self._catalogue, wanted).id

    def _lyrics_model(self, wanted: str | None) -> str:
        catalogue = self._catalogue
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


def _numbers(song: MusicTask) -> range:
    """The numbers of its takes; whatever else is known of it, a song has one."""
    return range(1, max(1, len(song.takes)) + 1)


def _check_fits(version: str, sent: Sent) -> None:
    """Some versions take shorter texts than others.

    Raises:
        WishError: a text is longer than this one takes.
    """
    limits = limits_of(version)
    for text, limit, problem in (
        (sent.title, limits.title, WishProblem.TITLE_TOO_LONG),
        (sent.tags, limits.tags, WishProblem.TAGS_TOO_LONG),
        (sent.prompt, limits.prompt, WishProblem.PROMPT_TOO_LONG),
    ):
        if len(text or "") > limit:
            raise WishError(problem, limit=limit, version=version)
