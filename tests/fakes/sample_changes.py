"""One value of each transition, for tests that go through them all; and a row in which each of them is seen."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.domain import transitions as to
from bot.domain.takes import MediaFile, TakeTries, Track
from bot.domain.tasks import TERMINAL, ErrorCode, PingStatus, Result, State
from bot.domain.transitions import Accepted, Change, Completed, Move, Part

LATER = datetime(2026, 3, 4, 5, 6, 7, 89000, tzinfo=UTC)
FILES = (
    MediaFile(name="1-1.mp3", shown_as="Regen.mp3", size_bytes=5, duration_s=1.25, picture="1-1.png", cover="1-1.jpg"),
    MediaFile(name="1-2.mp3", shown_as="Regen 2.mp3", size_bytes=6, take=2),
)
TRIES = (
    TakeTries(take=1, failures=2, short_tries=1, after=datetime(2026, 3, 4, tzinfo=UTC), is_over=True),
    TakeTries(take=2, failures=3, asked_at=datetime(2026, 3, 5, tzinfo=UTC)),
)
RESULT = Result(
    title="«雨» 🌧",
    lyrics="a\n\u2028b",
    tracks=(
        Track(audio_url="https://a/1.mp3", audio_id="x", spare_urls=("https://b/1.mp3", "https://c/1")),
        Track(audio_url="https://a/2.mp3", title="two"),
    ),
)
ACCEPTED = Accepted(
    provider_task_id="ld_1", poll_url="https://api/1", request_id="r-1", endpoint="/v1/music", model="suno-music-2",
    provider_status="pending", submitted_at=LATER, deadline_at=LATER, next_look_at=LATER,
)  # fmt: skip
COMPLETED = Completed(
    result=RESULT, clip_candidates={"audio_id": ["a", "b"], "data": []}, provider_status="completed",
    billing_transaction_id="b-1", media_wanted=True, is_found_late=True, looked_at=LATER, next_look_at=LATER,
)  # fmt: skip
EACH: Sequence[Change] = (
    to.Confirmed(by=Part.MEMBER, message_id=6001),
    to.Abandoned(),
    to.Cancelled(by=Part.MODERATOR),
    to.GivenUp(error_code=ErrorCode.NO_CREDIT),
    to.Retried(by=Part.MEMBER),
    to.GuessReplaced(version="chirp-v5"),
    to.Claimed(),
    ACCEPTED,
    to.PutBack(refusals=2, not_before=LATER, request_id="r-1"),
    to.VersionRefused(version="chirp-v5-5", request_id="r-1"),
    to.Refused(error_code=ErrorCode.WISH_REFUSED, error_detail="no", request_id="r-1"),
    to.Unclear(by=Part.SUBMITTER, request_id="r-1"),
    to.Looked(provider_status="running", progress=40, looked_at=LATER, next_look_at=LATER),
    to.LookFailed(looked_at=LATER, look_failures=2, next_look_at=None),
    COMPLETED,
    to.BillLooked(billing_transaction_id="b-2", look_failures=2, next_look_at=None),
    to.AddressesSeen(
        billing_transaction_id="b-3", look_failures=2, next_look_at=None, addresses_at=LATER, media_after=LATER
    ),
    to.AddressesRenewed(
        billing_transaction_id="b-3",
        look_failures=2,
        next_look_at=None,
        addresses_at=LATER,
        media_after=LATER,
        result=RESULT,
    ),
    to.TakesAdded(
        billing_transaction_id=None,
        look_failures=2,
        next_look_at=LATER,
        addresses_at=LATER,
        media_after=LATER,
        result=RESULT,
    ),
    to.Failed(error_code=ErrorCode.PROVIDER_FAILED, error_detail="broken", provider_status="failed", looked_at=LATER),
    to.Expired(provider_status="running", looked_at=LATER, next_look_at=LATER),
    to.MediaTried(media_wanted=True, media_tries=TRIES, media_failures=2, media_after=LATER),
    to.MediaFetched(media_wanted=False, media=FILES),
    to.MediaGivenUp(media_wanted=True, media_tries=TRIES, media_failures=2, media_after=LATER),
    to.AddressesWanted(media_wanted=True, media_tries=TRIES, media_failures=2, media_after=LATER, next_look_at=LATER),
    to.MediaWanted(),
    to.Shown(card_lost=None),
    to.PostBegun(posting="rc1-1", posting_in=701, posting_at=LATER),
    to.FilesShown(files_shown=False),
    to.FilesOwed(attach_after=LATER, attach_failures=2),
    to.CardReplaced(message_id=6002),
    to.ShowPostponed(show_after=LATER, show_failures=2),
    to.PingBegun(pinged_for=State.FAILED, ping_at=LATER),
    to.PingUnsent(),
    to.Told(pinged_for=State.FAILED, ping_at=LATER),
    to.FamilyChanged(family_changed_at=LATER),
    to.FamilyShown(),
    to.Redelivered(),
    to.OpenedToOthers(others_may_continue=False),
    to.LyricsEdited(edited_lyrics="drum"),
    to.Emptied(),
    to.Removed(),
)
MADE = datetime(2026, 2, 3, 4, 5, 6, 78000, tzinfo=UTC)
BUSY: Mapping[str, Any] = {
    "revision": 5, "shown_revision": 3, "title": "Low Tide", "tags": "slow", "negative_tags": "fast",
    "version": "chirp-v4", "version_offered": "chirp-v3-5",
    "clip_id": "c-0", "continue_at_s": 1.5, "price_min_usd": Decimal("0.1"),
    "message_id": 6000, "interaction_token": "a-token", "card_lost": "no_channel",
    "files_shown": True, "attach_after": MADE, "attach_failures": 1, "show_after": MADE, "show_failures": 1,
    "posting": "ru1-1", "posting_in": 700, "posting_at": MADE, "deliveries": 1, "pinged_for": State.UNCERTAIN,
    "ping_status": PingStatus.SENDING, "ping_at": MADE, "family_changed_at": MADE, "not_before": MADE, "attempt": 2,
    "refusals": 1, "unclear_attempts": 2, "provider_task_id": "ld_0", "poll_url": "https://api/0",
    "request_id": "r-0", "endpoint": "/v0", "billing_transaction_id": "b-0", "provider_status": "odd", "progress": 7,
    "submitted_at": MADE, "deadline_at": MADE, "looked_at": MADE, "next_look_at": MADE, "look_failures": 1,
    "result": Result(title="Old"), "clip_candidates": {"data": ["old"]}, "media_wanted": True,
    "media": (MediaFile(name="0.mp3", shown_as="Old.mp3", size_bytes=4),), "media_after": MADE, "media_failures": 1,
    "addresses_at": MADE, "media_tries": (TakeTries(take=1, failures=1),),
    "error_code": ErrorCode.NO_CREDIT, "error_detail": "old", "edited_lyrics": "drip",
}  # fmt: skip
"""Columns of a row that holds something else than what any of `EACH` writes."""


def accepted(**changes: Any) -> Accepted:
    """The answer to a create, with some of it said otherwise."""
    return replace(ACCEPTED, **changes)


def completed(**changes: Any) -> Completed:
    """A result, with some of it said otherwise."""
    return replace(COMPLETED, **{"media_wanted": False, "is_found_late": False, "next_look_at": None, **changes})


def states_before(change: Change) -> list[State]:
    """The states that a change can follow: a move's own, and what has ended for what empties it; else any."""
    ends = TERMINAL if isinstance(change, to.Emptied) else State
    return [state for state in State if state in (change.sources if isinstance(change, Move) else ends)]


KINDS: Sequence[type[Change]] = [
    kind
    for kind in vars(to).values()
    if isinstance(kind, type) and issubclass(kind, Change) and kind not in {Change, Move}
]
"""Every kind of change that there is."""
