"""What can go wrong with the audio of a finished song, and when it is tried for again. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.due import Pause, is_due
from bot.domain.takes import MediaFile, TakeTries, Track
from bot.domain.tasks import MusicTask, Result

TRY_AGAIN_S = (5, 10, 20, 40, 80, 160, 300, 300, 300, 300, 300)
"""Delays between the first retries: links of a song just finished may be refused for minutes."""
HOUR_S, DAY_S = 3600, 86_400
LATER_S = (HOUR_S, 3 * HOUR_S, 8 * HOUR_S, *[DAY_S] * 15)
"""Delays after that, each with fresh addresses."""
FRESH_FOR = timedelta(minutes=30)
"""Maximum age of addresses before a failure makes us ask for new ones: signed links expire."""
SHORT_TRIES = 5
"""Maximum number of tries for a take that is too short; then it is delivered as it is."""
_HEADER_SLACK_S = 0.5
"""The delays of encoders count in headers, not in the sound."""
_TOLD_SLACK_S = 2.0
_TOLD_SLACK = 0.03
"""What the provider tells is rounded, and of the song as it was before it was encoded."""


def is_cut_short(duration_s: float, *, promised_s: float | None, told_s: float | None) -> bool:
    """Whether audio ends before it should.

    Args:
        duration_s: how long it really plays.
        promised_s: how long it should play by its own header, if that says so.
        told_s: how long the provider says that it is, if it does.
    """
    is_half = promised_s is not None and duration_s < promised_s - _HEADER_SLACK_S
    slack_s = max(_TOLD_SLACK_S, (told_s or 0) * _TOLD_SLACK)
    return is_half or (told_s is not None and duration_s < told_s - slack_s)


def may_still_grow(*, short_tries: int, failures: int) -> bool:
    """Whether audio that is too short is tried for again: a few times, while that takes minutes and not days.

    Args:
        short_tries: how often this take was too short before.
        failures: its failed tries that count, for whatever reason.
    """
    return short_tries < SHORT_TRIES and failures < len(TRY_AGAIN_S)


def is_stream_tried(tries: TakeTries, task: MusicTask, error: "MediaError") -> bool:
    """Whether the stream of a take is fetched instead of its file: while the file may still come, it may not be whole.

    Args:
        tries: those of the take before this one.
        task: its song.
        error: why its file was not there this time.
    """
    return tries.failures >= len(TRY_AGAIN_S) or (not error.is_temporary and _has_fresh(tries, task))


class MediaProblem(StrEnum):
    """Why audio could not be fetched."""

    TOO_LARGE = "too_large"
    NOT_AUDIO = "not_audio"
    FORBIDDEN_ADDRESS = "forbidden_address"
    REFUSED = "refused"
    """The host said no: what it says of a song that has just been made need not hold."""
    GONE = "gone"
    """The host said that it is gone for good (410)."""
    UNREACHABLE = "unreachable"
    CUT_SHORT = "cut_short"
    """Shorter than it should be: perhaps the host does not have all of it yet."""


class MediaError(Exception):
    """Audio that could not be fetched; `is_temporary` says whether the same address may work later."""

    def __init__(self, reason: MediaProblem, *, is_temporary: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_temporary = is_temporary


def summed_up(problems: Sequence[MediaError]) -> MediaError:
    """What a try at all addresses of a take has come to: the problem that leaves most to hope for."""
    return max(problems, key=lambda one: (one.reason is MediaProblem.CUT_SHORT, one.is_temporary))


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What is there of a song after a try to fetch what was not."""

    files: tuple[MediaFile, ...] = ()
    """Of all takes that were ever fetched, in the order of the takes."""
    fetched: Collection[int] = ()
    """The takes that were fetched since it was told last."""
    failed: Mapping[int, MediaError] = field(default_factory=dict)
    """Why others were not, by take."""
    there: Collection[int] = ()
    """The takes that needed no fetching."""
    is_all: bool = True
    """False while others are still on their way: more will be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTry:
    """When audio is tried for again."""

    failures: int
    """Failed tries that count from then on."""
    delay_s: float
    looks: bool
    """Whether the provider is asked for fresh addresses before that: if they come, they are tried at once."""


def next_try(*, failures: int, error: MediaError, age: timedelta, is_renewed: bool) -> NextTry | None:
    """What follows from one more failed try; None if there is nothing left to hope for.

    Args:
        failures: those that counted so far.
        error: what went wrong now.
        age: how long ago the addresses were read.
        is_renewed: whether they were asked for because of an earlier failure of this take.
    """
    is_fresh = age < FRESH_FOR
    if not error.is_temporary and is_renewed and is_fresh:
        return None
    looks = not error.is_temporary or not is_fresh or failures == len(TRY_AGAIN_S)
    # fresh addresses that don't work either belong to the failure for which they were asked
    counted = failures + (looks or failures < len(TRY_AGAIN_S))
    delays_s = (*TRY_AGAIN_S, *LATER_S)
    if counted > len(delays_s):
        return None
    return NextTry(failures=counted, delay_s=delays_s[counted - 1], looks=looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is tried for after a round, and what it asks of others."""

    tries: tuple[TakeTries, ...]
    untried: Collection[int]
    """The takes that are missing and not even tried for yet: others asked for them meanwhile, or they are under way."""
    looks: bool
    """Whether a take needs fresh addresses."""
    gives_up: bool
    """Whether a take that is not there was given up in this round."""

    @property
    def open(self) -> list[TakeTries]:
        """The tries of the takes that are tried for again."""
        return [one for one in self.tries if not one.is_over]

    @property
    def after(self) -> datetime | None:
        """When the first take is due; None for at once."""
        return None if self.untried else min((one.after for one in self.open if one.after), default=None)


def due_takes(task: MusicTask, now: datetime) -> set[int]:
    """The takes that are fetched now if they are not there: those never tried in vain, and those whose turn it is.

    If none of those is due that failed before, addresses came that nobody had asked for: all are tried.
    """
    tries = [one for one in task.media_tries if not one.is_over]
    due = [one for one in tries if _has_fresh(one, task) or is_due(one.after, now, Pause.FETCH)]
    untried = {take.number for take in task.takes} - {one.take for one in task.media_tries}
    return untried | {one.take for one in due or tries}


def _has_fresh(tries: TakeTries, task: MusicTask) -> bool:
    """Whether the addresses have come that were asked for because of this take."""
    return tries.asked_at is not None and task.addresses_at is not None and task.addresses_at >= tries.asked_at


def outlook(task: MusicTask, brought: Brought, now: datetime) -> Outlook:
    """What follows from a round of tries for its takes, each by itself."""
    before = {one.take: one for one in task.media_tries}
    short = {one.take for one in brought.files if one.whole_s is not None}
    failed = {
        take: _after_failure(before.get(take) or TakeTries(take=take), error, task, now, is_short=take in short)
        for take, error in brought.failed.items()
    }
    # one that is delivered too short is as whole as it will be
    done = {take: TakeTries(take=take, is_over=True) for take in brought.fetched if take in short}
    kept = {take: one for take, one in before.items() if take not in {*brought.fetched, *brought.there}}
    after = kept | failed | done
    here = {one.take for one in brought.files} - short
    return Outlook(
        tries=tuple(after[take] for take in sorted(after)),
        untried={take.number for take in task.takes} - here - after.keys(),
        looks=any(one.asked_at is not None for one in failed.values()),
        gives_up=any(one.is_over for take, one in failed.items() if take not in short),
    )


def _after_failure(tries: TakeTries, error: MediaError, task: MusicTask, now: datetime, *, is_short: bool) -> TakeTries:
    """The tries of a take after one more; for the rest of one that is there but too short, there are fewer."""
    age = now - (task.addresses_at or task.state_at)
    then = next_try(failures=tries.failures, error=error, age=age, is_renewed=_has_fresh(tries, task))
    if then is None or (is_short and then.failures >= SHORT_TRIES):
        return replace(tries, after=None, asked_at=None, is_over=True)
    return replace(
        tries,
        failures=then.failures,
        short_tries=tries.short_tries + (error.reason is MediaProblem.CUT_SHORT),
        after=now + timedelta(seconds=then.delay_s),
        asked_at=now if then.looks else None,
    )


def renewed(known: Result, seen: Result) -> Result:
    """The takes of a song with the addresses that they have now; takes that only the newer look tells of come last.

    A take is known again by its clip, then by an address; what is left is taken in the order in which it is told.
    """
    left = list(seen.tracks)
    found: dict[int, Track] = {}
    for is_same in (_is_same_clip, _shares_address, lambda *_: True):
        for place, track in enumerate(known.tracks):
            now = next((one for one in left if is_same(track, one)), None) if place not in found else None
            if now is not None:
                found[place] = now
                left.remove(now)
    tracks = [
        _at_its_new_address(track, found[place]) if place in found else track
        for place, track in enumerate(known.tracks)
    ]
    return replace(known, tracks=(*tracks, *left))


def _is_same_clip(known: Track, seen: Track) -> bool:
    return known.audio_id is not None and known.audio_id == seen.audio_id


def _shares_address(known: Track, seen: Track) -> bool:
    return bool({*known.urls, known.stream_url} & {*seen.urls, seen.stream_url} - {None})


def _at_its_new_address(track: Track, now: Track) -> Track:
    return replace(
        track,
        audio_url=now.audio_url,
        spare_urls=now.spare_urls,
        stream_url=now.stream_url,
        audio_id=track.audio_id or now.audio_id,
        video_url=now.video_url or track.video_url,
        image_url=now.image_url or track.image_url,
        duration_s=now.duration_s or track.duration_s,
    )
