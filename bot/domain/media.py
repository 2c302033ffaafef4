"""What can go wrong with the audio of a finished song, and when it is tried for again. Pure."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from bot.domain.tasks import MediaFile, Result, Track

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
        failures: the failed tries of its song that count, for whatever reason and of whichever take.
    """
    return short_tries < SHORT_TRIES and failures < len(TRY_AGAIN_S)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What is there of a song after a try to fetch what was not."""

    files: tuple[MediaFile, ...] = ()
    """Of all takes that were ever fetched, in the order of the takes."""
    is_new: bool = False
    """Whether any of them was fetched since it was told last."""
    is_all: bool = True
    """False while others are still on their way: more will be told."""
    missing: MediaError | None = None
    """Why a take is still not there; where it is several, one that may come later."""


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
        is_renewed: whether they were read anew after the song was finished.
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


def renewed(known: Result, seen: Result) -> Result:
    """The takes of a song with the addresses that they have now; takes that only the newer look tells of come last."""
    by_clip = {track.audio_id: track for track in seen.tracks if track.audio_id}
    found = [by_clip.get(track.audio_id or "") for track in known.tracks]
    left = [track for track in seen.tracks if track not in found]
    tracks = [
        _at_its_new_address(track, now or (left.pop(0) if left else track))
        for track, now in zip(known.tracks, found, strict=True)
    ]
    return replace(known, tracks=(*tracks, *left))


def _at_its_new_address(track: Track, now: Track) -> Track:
    return replace(
        track,
        audio_url=now.audio_url,
        audio_id=track.audio_id or now.audio_id,
        video_url=now.video_url or track.video_url,
        image_url=now.image_url or track.image_url,
        duration_s=now.duration_s or track.duration_s,
    )
