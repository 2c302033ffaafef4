"""The takes of a finished song: what the provider tells of each, what is here of it, and how it was tried for."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One take of a finished song, as the provider gave it."""

    audio_url: str
    audio_id: str | None = None
    video_url: str | None = None
    image_url: str | None = None
    title: str | None = None
    duration_s: float | None = None
    """How long the provider says that it is."""
    spare_urls: tuple[str, ...] = ()
    """Other addresses of the same file, the best first."""
    stream_url: str | None = None
    """Where it can be heard while it is being made: what comes from there may end early without a sign of it."""

    @property
    def urls(self) -> tuple[str, ...]:
        """All addresses of its file, in the order in which they are tried."""
        return self.audio_url, *self.spare_urls


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFile:
    """One downloaded take in `MEDIA_DIR`, kept until Discord has confirmed the attachment."""

    name: str
    """File name inside `MEDIA_DIR`."""
    shown_as: str
    """File name that members see."""
    size_bytes: int
    duration_s: float | None = None
    """How long it really plays."""
    picture: str | None = None
    """File name of its waveform inside `MEDIA_DIR`."""
    cover: str | None = None
    """File name of its cover inside `MEDIA_DIR`: its own, else the first take's."""
    whole_s: float | None = None
    """How long it should be, if it ends before that."""
    encoded_kbps: int | None = None
    """At which rate it was encoded to fit its place; None if it is as it came."""
    take: int = 1
    """Which take of its song it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTries:
    """How the audio of one take has been tried for; a take that came at the first try has none."""

    take: int
    failures: int = 0
    """Failed tries that count; `bot/domain/media.py` says what follows from how many."""
    short_tries: int = 0
    """How many of the tries found it too short."""
    after: datetime | None = None
    """When it is tried for again."""
    asked_at: datetime | None = None
    """Since when the provider is to be asked for fresh addresses of it; None if the last failure needs none."""
    is_over: bool = False
    """Whether it is not tried for any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One take of a finished song: what the provider tells of it, and what is here of it."""

    number: int
    track: Track
    file: MediaFile | None
    is_given_up: bool
    """Whether it is not here and nobody tries for it any more."""

    @property
    def plays_s(self) -> float | None:
        """How long what can be heard of it is, as far as that is known."""
        return self.file.duration_s if self.file else self.track.duration_s

    @property
    def length_s(self) -> float | None:
        """How long it is, as far as that is known, even where its file ends early."""
        return (self.file.whole_s if self.file else None) or self.plays_s
