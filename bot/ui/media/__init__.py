"""Finished audio on its way to a member: fetched, checked, named, tagged, drawn and kept. Knows HTTP; no Discord."""

from bot.sound.jobs import SongTags
from bot.sound.kinds import AudioKind
from bot.ui.media.collect import MediaCollector
from bot.ui.media.fetch import Fetched, MediaFetcher, Patience
from bot.ui.media.guard import allowing, open_media_session
from bot.ui.media.naming import safe_filename
from bot.ui.media.store import MediaStore
from bot.ui.media.waveform import draw_waveform
from bot.ui.media.workshop import Prepared, Workshop

__all__ = [
    "AudioKind",
    "Fetched",
    "MediaCollector",
    "MediaFetcher",
    "MediaStore",
    "Patience",
    "Prepared",
    "SongTags",
    "Workshop",
    "allowing",
    "draw_waveform",
    "open_media_session",
    "safe_filename",
]
