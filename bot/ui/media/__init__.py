"""Finished audio on its way to a member: fetched, checked, named, tagged, drawn and kept. Knows HTTP; no Discord."""

from bot.ui.media.audio import AudioKind
from bot.ui.media.collect import MediaCollector
from bot.ui.media.fetch import Fetched, MediaFetcher, Patience
from bot.ui.media.guard import allowing, open_media_session
from bot.ui.media.store import MediaStore
from bot.ui.media.tags import Prepared, SongTags, prepare, safe_filename
from bot.ui.media.waveform import draw_waveform

__all__ = [
    "AudioKind",
    "Fetched",
    "MediaCollector",
    "MediaFetcher",
    "MediaStore",
    "Patience",
    "Prepared",
    "SongTags",
    "allowing",
    "draw_waveform",
    "open_media_session",
    "prepare",
    "safe_filename",
]
