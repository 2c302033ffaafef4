"""What can happen to a music task: one value for each transition.

`TaskStore.apply` is the only way to change a task, and takes nothing else. A `Move` leads into another state; every
other change leaves the state alone. Fields are columns of `music_tasks`, written as they are; where only one value
makes sense, its type says so. What follows from the row itself (a revision, a count) is worked out in
`bot/store/changes.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from bot.domain.takes import MediaFile, TakeTries
from bot.domain.tasks import AttemptOutcome, ErrorCode, InvalidMoveError, PingStatus, Result, State, check_move


class Part(StrEnum):
    """Who moved a task: a person, or a part of the program."""

    MEMBER = "member"
    """Its own requester."""
    MODERATOR = "moderator"
    SUBMITTER = "submitter"
    POLLER = "poller"
    JANITOR = "janitor"
    ERASER = "eraser"
    DISCORD = "discord"
    """It has confirmed the card, or says that the bot is no longer in the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What becomes of a task's row at one moment."""

    guarded: ClassVar[bool] = True
    """Whether it holds only while state and attempt are those that it was decided for."""
    is_news: ClassVar[bool] = False
    """Whether the card has something new to show: the revision grows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Change):
    """A step in the table `MOVES`; it is news, and one row of `task_moves` remembers it."""

    is_news: ClassVar[bool] = True
    sources: ClassVar[frozenset[State]]
    """The states that it leads out of."""
    to: ClassVar[State]
    outcome: ClassVar[AttemptOutcome | None] = None
    """What became of the attempt that ends with this."""
    by: Part

    def check(self, before: State) -> None:
        """Refuse to lead out of a state that is none of its sources, whatever else leads from there to the same.

        Raises:
            InvalidMoveError: it would.
        """
        check_move(before, self.to)
        if before not in self.sources:
            raise InvalidMoveError(f"{type(self).__name__} does not lead out of {before}")


# --- our own line ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed(Move):
    """RECEIVED → QUEUED: Discord has confirmed the card, which already looks like this revision."""

    sources: ClassVar[frozenset[State]] = frozenset({State.RECEIVED})
    to: ClassVar[State] = State.QUEUED
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned(Move):
    """RECEIVED → ABANDONED: Discord never showed the card."""

    sources: ClassVar[frozenset[State]] = frozenset({State.RECEIVED})
    to: ClassVar[State] = State.ABANDONED
    by: Part = Part.JANITOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Move):
    """QUEUED or UNCERTAIN → CANCELLED: not wanted any more, or dropped."""

    sources: ClassVar[frozenset[State]] = frozenset({State.QUEUED, State.UNCERTAIN})
    to: ClassVar[State] = State.CANCELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp(Move):
    """QUEUED → FAILED: it was refused, and what stops everybody has lasted for too long since."""

    sources: ClassVar[frozenset[State]] = frozenset({State.QUEUED})
    to: ClassVar[State] = State.FAILED
    by: Part = Part.SUBMITTER
    error_code: ErrorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Retried(Move):
    """UNCERTAIN → QUEUED: a person has confirmed that it may cost again. Its outcome is announced again."""

    sources: ClassVar[frozenset[State]] = frozenset({State.UNCERTAIN})
    to: ClassVar[State] = State.QUEUED
    pinged_for: None = None
    ping_status: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessReplaced(Change):
    """The version that it waits with, which nobody had chosen, is known to be refused: another one takes its place."""

    version: str


# --- the create, which costs money -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed(Move):
    """QUEUED → SUBMITTING: taken out of the line for one POST, which is a new attempt."""

    sources: ClassVar[frozenset[State]] = frozenset({State.QUEUED})
    to: ClassVar[State] = State.SUBMITTING
    by: Part = Part.SUBMITTER
    not_before: None = None
    request_id: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Move):
    """SUBMITTING or UNCERTAIN → RUNNING: the provider has it, so this attempt is unclear no longer."""

    sources: ClassVar[frozenset[State]] = frozenset({State.SUBMITTING, State.UNCERTAIN})
    to: ClassVar[State] = State.RUNNING
    outcome: ClassVar[AttemptOutcome | None] = AttemptOutcome.ACCEPTED
    by: Part = Part.SUBMITTER
    provider_task_id: str
    poll_url: str | None
    request_id: str | None
    endpoint: str
    model: str
    """As the provider calls the model that it took."""
    provider_status: str
    submitted_at: datetime
    deadline_at: datetime
    next_look_at: datetime
    refusals: Literal[0] = 0
    looked_at: None = None
    look_failures: Literal[0] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack(Move):
    """SUBMITTING → QUEUED: nothing was created, and it may be asked for again later."""

    sources: ClassVar[frozenset[State]] = frozenset({State.SUBMITTING})
    to: ClassVar[State] = State.QUEUED
    outcome: ClassVar[AttemptOutcome | None] = AttemptOutcome.REFUSED
    by: Part = Part.SUBMITTER
    refusals: int
    not_before: datetime
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRefused(Move):
    """SUBMITTING → QUEUED: a definite no to a version that nobody had chosen; the next attempt has another one."""

    sources: ClassVar[frozenset[State]] = frozenset({State.SUBMITTING})
    to: ClassVar[State] = State.QUEUED
    outcome: ClassVar[AttemptOutcome | None] = AttemptOutcome.REFUSED
    by: Part = Part.SUBMITTER
    version: str
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Move):
    """SUBMITTING → FAILED: a definite no to the create."""

    sources: ClassVar[frozenset[State]] = frozenset({State.SUBMITTING})
    to: ClassVar[State] = State.FAILED
    outcome: ClassVar[AttemptOutcome | None] = AttemptOutcome.REFUSED
    by: Part = Part.SUBMITTER
    error_code: ErrorCode
    error_detail: str | None
    request_id: str | None
    version_offered: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear(Move):
    """SUBMITTING → UNCERTAIN: nobody knows whether the create was accepted; it counts among the unclear attempts."""

    sources: ClassVar[frozenset[State]] = frozenset({State.SUBMITTING})
    to: ClassVar[State] = State.UNCERTAIN
    outcome: ClassVar[AttemptOutcome | None] = AttemptOutcome.UNKNOWN
    request_id: str | None = None
    refusals: Literal[0] = 0


# --- at the provider -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked(Change):
    """The provider is at it."""

    provider_status: str
    progress: int | None
    looked_at: datetime
    next_look_at: datetime
    look_failures: Literal[0] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFailed(Change):
    """A look that told nothing about the task."""

    looked_at: datetime
    look_failures: int
    next_look_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed(Move):
    """RUNNING or EXPIRED → COMPLETED: the result is stored."""

    sources: ClassVar[frozenset[State]] = frozenset({State.RUNNING, State.EXPIRED})
    to: ClassVar[State] = State.COMPLETED
    by: Part = Part.POLLER
    result: Result
    clip_candidates: Mapping[str, Sequence[str]]
    provider_status: str
    billing_transaction_id: str | None
    media_wanted: bool
    is_found_late: bool
    looked_at: datetime
    next_look_at: datetime | None
    """For the sake of the billing id, where that is not known yet."""
    look_failures: Literal[0] = 0
    progress: None = None
    error_code: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLooked(Change):
    """A completed task was looked at for its billing id alone."""

    billing_transaction_id: str | None
    look_failures: int
    next_look_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressesSeen(BillLooked):
    """The provider still names the same addresses of the audio that is wanted: it is tried for at once."""

    addresses_at: datetime
    media_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressesRenewed(AddressesSeen):
    """The provider names other addresses of the audio that is wanted: the card's links change, too."""

    is_news: ClassVar[bool] = True
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class TakesAdded(AddressesRenewed):
    """The provider names takes of a finished song that were not told of before: they are fetched."""

    media_wanted: Literal[True] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Move):
    """RUNNING or EXPIRED → FAILED: the provider has given it up, or we have."""

    sources: ClassVar[frozenset[State]] = frozenset({State.RUNNING, State.EXPIRED})
    to: ClassVar[State] = State.FAILED
    by: Part = Part.POLLER
    error_code: ErrorCode
    error_detail: str | None
    provider_status: str | None
    looked_at: datetime
    next_look_at: None = None
    progress: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired(Move):
    """RUNNING → EXPIRED: not finished in time, or finished without a result; it is looked at now and then."""

    sources: ClassVar[frozenset[State]] = frozenset({State.RUNNING})
    to: ClassVar[State] = State.EXPIRED
    by: Part = Part.POLLER
    provider_status: str | None
    looked_at: datetime
    next_look_at: datetime
    error_code: Literal[ErrorCode.NO_RESULT] | None = None
    """Why, where it is not simply overdue."""
    look_failures: Literal[0] = 0
    progress: None = None


# --- its audio -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTried(Change):
    """Which takes are still tried for, and when. Like all of these, holds only while audio is wanted."""

    guarded: ClassVar[bool] = False
    media_wanted: bool = False
    """Whether any take is."""
    media_tries: tuple[TakeTries, ...] = ()
    media_failures: int = 0
    media_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFetched(MediaTried):
    """Audio was fetched that its card does not carry yet."""

    is_news: ClassVar[bool] = True
    media: tuple[MediaFile, ...]
    files_shown: Literal[False] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaGivenUp(MediaTried):
    """A take that is not there will not come."""

    is_news: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressesWanted(MediaTried):
    """A take is not at the known addresses any more: the provider is asked for fresh ones."""

    next_look_at: datetime
    look_failures: Literal[0] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaWanted(Change):
    """Its owner asked for a song whose audio is not here: all of it is tried for as if for the first time."""

    media_wanted: Literal[True] = True
    media_tries: tuple[TakeTries, ...] = ()
    media_failures: Literal[0] = 0
    media_after: None = None


# --- its card --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown(Change):
    """The card shows the revision that it was drawn from, or never will; `shown_revision` only grows."""

    guarded: ClassVar[bool] = False
    card_lost: str | None = None
    show_failures: Literal[0] = 0
    show_after: None = None
    posting_at: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostBegun(Change):
    """A message that takes the card's place is about to be sent: marked before, so that it is found, not repeated."""

    posting: str
    posting_in: int
    posting_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesShown(Change):
    """Whether the card carries the files; it does not count once the task has changed: they may be others by now."""

    guarded: ClassVar[bool] = False
    files_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOwed(Change):
    """The card stands without its files, which are tried again from a moment; or none are owed any more."""

    guarded: ClassVar[bool] = False
    attach_after: datetime | None = None
    attach_failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReplaced(Change):
    """A new message is the card from now on; the token knows only the old one."""

    guarded: ClassVar[bool] = False
    message_id: int
    interaction_token: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPostponed(Change):
    """The card, or the ping, can't be shown now."""

    guarded: ClassVar[bool] = False
    show_after: datetime
    show_failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PingBegun(Change):
    """The ready ping is about to be sent: marked before, so that it is sent at most once."""

    pinged_for: State
    ping_at: datetime
    ping_status: Literal[PingStatus.SENDING] = PingStatus.SENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class PingUnsent(Change):
    """The ready ping surely never left: it is as if it had not been begun."""

    ping_status: None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Change):
    """The requester knows of this state, or wants to hear nothing."""

    pinged_for: State
    ping_at: datetime
    ping_status: Literal[PingStatus.DONE] = PingStatus.DONE
    show_after: None = None
    show_failures: Literal[0] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyChanged(Change):
    """What it was made from, or what was made from it, has come or gone: its card is redrawn."""

    guarded: ClassVar[bool] = False
    family_changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyShown(Change):
    """The card was drawn with the family that was read; a change since then stays due."""

    guarded: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Redelivered(Change):
    """A finished task is brought as if it had never been shown, under new names.

    It holds only for the revision that was asked about. Its audio is wanted again, which costs nothing where it is
    still here.
    """

    is_news: ClassVar[bool] = True
    card_lost: None = None
    show_after: None = None
    show_failures: Literal[0] = 0
    attach_after: None = None
    attach_failures: Literal[0] = 0
    pinged_for: None = None
    ping_status: None = None
    ping_at: None = None
    media_tries: tuple[TakeTries, ...] = ()
    media_failures: Literal[0] = 0
    media_after: None = None


# --- what its owner decides ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedToOthers(Change):
    """Whether others may continue it."""

    guarded: ClassVar[bool] = False
    others_may_continue: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LyricsEdited(Change):
    """Its lyrics were changed by hand; the text that was read becomes a version, if it still stands there.

    A file of the earlier text does not count as shown.
    """

    guarded: ClassVar[bool] = False
    is_news: ClassVar[bool] = True
    edited_lyrics: str
    files_shown: Literal[False] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptied(Change):
    """Nothing but what a bill needs is left of it; its messages are removed next. Only what has ended is emptied."""

    is_news: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed(Change):
    """Nothing in Discord shows this emptied task any more."""

    guarded: ClassVar[bool] = False
    card_lost: Literal["removed"] = "removed"
    show_failures: Literal[0] = 0
    show_after: None = None
