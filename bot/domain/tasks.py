"""The music task: what it is, the states it passes through, and the moves between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from bot.domain.price import Price
from bot.domain.takes import MediaFile, Take, TakeTries, Track

TaskId = NewType("TaskId", int)


class Kind(StrEnum):
    """What a music task makes."""

    SONG = "song"
    LYRICS = "lyrics"
    CONTINUATION = "continuation"

    @property
    def makes_audio(self) -> bool:
        """Whether the result is audio rather than text."""
        return self is not Kind.LYRICS


class State(StrEnum):
    """Where a music task is on its way; `docs/architecture.md`, section 3, tells each one's story."""

    RECEIVED = "received"
    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


MOVES: Mapping[State, frozenset[State]] = {
    State.RECEIVED: frozenset({State.QUEUED, State.ABANDONED}),
    State.QUEUED: frozenset({State.SUBMITTING, State.FAILED, State.CANCELLED}),
    State.SUBMITTING: frozenset({State.RUNNING, State.QUEUED, State.FAILED, State.UNCERTAIN}),
    State.RUNNING: frozenset({State.COMPLETED, State.FAILED, State.EXPIRED}),
    State.EXPIRED: frozenset({State.COMPLETED, State.FAILED}),
    State.UNCERTAIN: frozenset({State.RUNNING, State.QUEUED, State.CANCELLED}),
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.ABANDONED: frozenset(),
}

TERMINAL = frozenset(state for state, after in MOVES.items() if not after)
"""States that nothing leaves."""

SETTLED = TERMINAL | {State.UNCERTAIN}
"""States whose card waits for nobody but a person: shown before progress, on every rung of the delivery ladder."""

RELEASED = frozenset({State.FAILED, State.CANCELLED, State.ABANDONED})
"""States that no limit counts: nothing was made, as far as anybody knows."""

ANNOUNCED = frozenset({State.COMPLETED, State.FAILED, State.UNCERTAIN})
"""States that are told to the requester with a ready ping, each at most once for an attempt."""


CARD_REMOVED = "removed"
EXAMPLE_S = 65.0


class StaleTaskError(Exception):
    """The task has moved meanwhile: read it again before acting."""


class InvalidMoveError(Exception):
    """A move that `MOVES` does not know: a mistake in the program."""


def check_move(before: State, after: State) -> None:
    """Refuse a move that is not in the table.

    Raises:
        InvalidMoveError: `after` can't follow `before`.
    """
    if after not in MOVES[before]:
        raise InvalidMoveError(f"{before} can't become {after}")


class ErrorCode(StrEnum):
    """Why a music task failed, in our own closed list. The words for members are in `bot/ui/texts.py`."""

    WISH_REFUSED = "wish_refused"
    """The provider refused this wish: the member can word it differently."""
    CONTENT_REFUSED = "content_refused"
    """The provider does not allow what was asked for, told at once or later. Nothing was charged."""
    CLIP_REFUSED = "clip_refused"
    """The provider does not know the clip that was to be continued."""
    MODEL_UNAVAILABLE = "model_unavailable"
    """The provider does not know or not allow this model."""
    VERSION_UNAVAILABLE = "version_unavailable"
    """The provider does not take this version of the model: the one that was chosen, or none that is known."""
    NO_ACCESS = "no_access"
    """The key was refused (401, 403): the operator must act."""
    NO_CREDIT = "no_credit"
    """Balance or quota is used up (402): the operator must act."""
    PROVIDER_BUSY = "provider_busy"
    """Rate limits, full channels or no connection, until our patience ended. Nothing was created."""
    PROVIDER_FAILED = "provider_failed"
    """The task was accepted and then failed. Failed tasks are not charged."""
    NO_RESULT = "no_result"
    """Completed without audio (or lyrics)."""
    RESULT_GONE = "result_gone"
    """The provider no longer knows the task."""
    NO_ANSWER = "no_answer"
    """Not finished a day after the deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a completed task holds: tracks for music, take 1 first; text for lyrics."""

    title: str | None = None
    lyrics: str | None = None
    tracks: tuple[Track, ...] = ()
    other_lyrics: tuple[str, ...] = ()
    """Of lyrics that came in several versions: all but the first."""


class PingStatus(StrEnum):
    """How far a ready ping has come: marked before it is sent, so that it is sent at most once."""

    SENDING = "sending"
    DONE = "done"


class Role(StrEnum):
    """What a message shows of a music task."""

    CARD = "card"
    PING = "ping"
    REPLACEMENT = "replacement"


class AttemptOutcome(StrEnum):
    """What became of one POST."""

    UNDER_WAY = "under_way"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """What is known of a music task when its row is written."""

    origin_key: str
    kind: Kind
    user_id: int
    guild_id: int | None
    channel_id: int
    locale: str
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
    price_min_usd: Decimal | None = None
    price_max_usd: Decimal | None = None
    parent_id: TaskId | None = None
    parent_take: int | None = None
    clip_id: str | None = None
    continue_at_s: float | None = None
    message_id: int | None = None
    interaction_id: int
    interaction_token: str | None
    """None where the card is a message that the token did not make."""
    token_at: datetime
    attachment_limit_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicTask:
    """One wish from command to delivered message: a row of `music_tasks`."""

    id: TaskId
    origin_key: str
    kind: Kind
    state: State
    revision: int
    """Counts changes that the card should show."""
    shown_revision: int
    """The revision that the card shows; only grows."""
    created_at: datetime
    state_at: datetime
    """Since when it is in this state."""

    # whose, and where
    user_id: int
    guild_id: int | None
    channel_id: int

    locale: str = "en-US"
    """The language of the card, as Discord spells it: the server's, in a direct message the member's."""

    # the wish
    prompt: str
    title: str | None = None
    title_is_ours: bool = False
    """Whether its member has not typed the title: it is inherited, or made."""
    tags: str | None = None
    negative_tags: str | None = None
    instrumental: bool = False
    sings_prompt: bool = False
    """Whether prompts were known to be sung word for word when it was asked for; see `domain/wording.py`."""
    model: str
    version: str | None = None
    """The one that it is sent with; see `version_chosen`."""
    version_chosen: bool = False
    """Whether its member named the version. If not, it is a first guess, and another may take its place."""
    version_offered: str | None = None
    """What it can be made with, where the version that was chosen was refused."""
    price_min_usd: Decimal | None = None
    price_max_usd: Decimal | None = None
    """What the catalogue said that it costs when it was asked for, from and to; the same for a fixed price."""
    parent_id: TaskId | None = None
    """The song that it continues; for a song made from lyrics, those."""
    parent_take: int | None = None
    """Which take of that song, where it has several."""
    clip_id: str | None = None
    continue_at_s: float | None = None

    # the card
    message_id: int | None = None
    interaction_id: int | None = None
    interaction_token: str | None = None
    """Erased once dead; never logged."""
    token_at: datetime | None = None
    """When the interaction behind the token began."""
    attachment_limit_bytes: int
    card_lost: str | None = None
    """Why the card can't be edited any more; `CARD_REMOVED` if it was emptied and all that showed it is gone."""
    files_shown: bool = False
    """Whether the card already carries its attachments: later edits leave them alone."""
    attach_after: datetime | None = None
    """From when its files are tried again, as Discord took the card but not them; None if none are owed."""
    attach_failures: int = 0
    show_after: datetime | None = None
    """No try to show before this moment (back-off after a passing failure)."""
    show_failures: int = 0
    pinged_for: State | None = None
    """The state that the last ready ping told of; a confirmed try again forgets it."""
    ping_status: PingStatus | None = None
    ping_at: datetime | None = None
    family_changed_at: datetime | None = None
    """When its parent or a song made from it last came or went and the card does not show it yet."""

    posting: str | None = None
    """The name of the message that was last to take the card's place."""
    posting_in: int | None = None
    """The channel that it was to be sent to."""
    posting_at: datetime | None = None
    """When sending it began; None once it is known whether it was sent."""
    deliveries: int = 0
    """How often it was asked to be delivered again."""

    # in our line
    not_before: datetime | None = None
    """No submit before this moment (the provider asked us to wait)."""
    attempt: int = 0
    refusals: int = 0
    """Refusals in a row that proved nothing was created."""
    unclear_attempts: int = 0
    """Attempts of which nobody knows whether they were accepted, and charged."""

    # at the provider
    provider_task_id: str | None = None
    poll_url: str | None = None
    request_id: str | None = None
    endpoint: str | None = None
    billing_transaction_id: str | None = None
    provider_status: str | None = None
    progress: int | None = None
    submitted_at: datetime | None = None
    deadline_at: datetime | None = None
    looked_at: datetime | None = None
    next_look_at: datetime | None = None
    look_failures: int = 0

    # the outcome
    result: Result | None = None
    clip_candidates: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Every id that may name the clip, by where it was found; see `bot/tokenlab/models.py`."""
    media: tuple[MediaFile, ...] = ()
    media_wanted: bool = False
    """Whether its audio is still to be fetched."""
    media_tries: tuple[TakeTries, ...] = ()
    """What was tried in vain, take by take."""
    media_after: datetime | None = None
    """When the first of its takes is due."""
    media_failures: int = 0
    """Failed tries of the take that has failed least often, of those that are still tried for."""
    addresses_at: datetime | None = None
    """When the addresses of its audio were last read again; None if only when it was finished."""
    error_code: ErrorCode | None = None
    error_detail: str | None = None
    """The provider's own words, clipped; members see them only escaped, and only where `bot/ui/cards.py` allows it."""
    is_found_late: bool = False
    """Whether it finished while nobody looked: the card says so."""
    edited_lyrics: str | None = None
    """The newest text of lyrics that were changed by hand; earlier ones are in `lyrics_versions`."""
    others_may_continue: bool = True
    """What its owner has said about others who want to continue it."""
    deleted_at: datetime | None = None
    """Since when its texts and files are gone; the row stays for the bill."""
    aged_out: bool = False
    """Whether they went by its server's rule about age: then its messages stay."""

    @property
    def price(self) -> Price | None:
        """What the catalogue said that it costs."""
        if self.price_min_usd is None or self.price_max_usd is None:
            return None
        return Price(min_usd=self.price_min_usd, max_usd=self.price_max_usd)

    @property
    def takes(self) -> tuple[Take, ...]:
        """The takes of a finished song, each with its number, which stays."""
        tracks = self.result.tracks if self.result else ()
        files = {one.take: one for one in self.media}
        over = {one.take for one in self.media_tries if one.is_over}
        return tuple(
            Take(
                number=number,
                track=track,
                file=files.get(number),
                is_given_up=number not in files and (number in over or not self.media_wanted),
            )
            for number, track in enumerate(tracks, start=1)
        )

    def length_of(self, take: int) -> float | None:
        """How long one of its takes is, as far as that is known."""
        return next((one.length_s for one in self.takes if one.number == take), None)

    @property
    def inside_s(self) -> float:
        """A moment that each of its takes has, as far as that is known: for examples."""
        return min((take.length_s for take in self.takes if take.length_s), default=2 * EXAMPLE_S) / 2

    @property
    def made_title(self) -> str | None:
        """The result's own title."""
        return self.result.title if self.result else None

    @property
    def lyrics(self) -> str | None:
        """The text as it stands: as its owner last changed it, else as it was made."""
        return self.edited_lyrics or (self.result.lyrics if self.result else None)

    @property
    def has_other_lyrics(self) -> bool:
        """Whether these are lyrics that were written in several versions."""
        return self.kind is Kind.LYRICS and self.result is not None and bool(self.result.other_lyrics)

    @property
    def is_told(self) -> bool:
        """Whether the requester knows of this state."""
        return self.ping_status is PingStatus.DONE and self.pinged_for is self.state

    @property
    def is_settled(self) -> bool:
        """Whether only a person can change it now."""
        return self.state in SETTLED
