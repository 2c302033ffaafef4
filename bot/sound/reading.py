"""Decodes a file for its length and loudness, while its packets are copied into a fresh container as they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import av
from av import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from bot.sound.kinds import DEMUXERS, AudioKind, Sniffed, mpeg_frame, wav_chunks
from bot.sound.loudness import Loudness

DECODED_MAX_S = 30 * 60
"""What comes later than that is copied, and counted by its packets."""

_LONG_AGO = 1 << 62
_ENDLESS_BYTES = 0x7F00_0000
_ENDLESS_S = 12 * 3600
"""Writers that can't seek back promise about as much as the field can hold."""
_XING_BYTES = 16
_VBRI_AT = 36
_MONO = 3

_MUXERS: Mapping[AudioKind, tuple[str, dict[str, str]]] = {
    AudioKind.MP3: ("mp3", {"id3v2_version": "0", "write_xing": "1"}),
    AudioKind.WAV: ("wav", {}),
    AudioKind.OGG: ("ogg", {}),
    AudioKind.FLAC: ("flac", {}),
    AudioKind.M4A: ("ipod", {"movflags": "+faststart"}),
}
_CODECS: Mapping[str, AudioKind] = {
    "mp3": AudioKind.MP3,
    "mp3float": AudioKind.MP3,
    "mp2": AudioKind.MP3,
    "mp2float": AudioKind.MP3,
    "flac": AudioKind.FLAC,
    "aac": AudioKind.M4A,
    "alac": AudioKind.M4A,
    "opus": AudioKind.OGG,
    "libopus": AudioKind.OGG,
    "vorbis": AudioKind.OGG,
}
"""The closed list of decoders, and what a fresh file of each is; PCM goes into WAV."""


_NOT_COPIED = (av.FFmpegError, ValueError, ArithmeticError)
"""What PyAV raises on packets that don't fit into a container."""


class NoSoundError(Exception):
    """There is nothing in the file that we decode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What was heard in a file."""

    duration_s: float
    samples: int | None
    """How many were decoded; None if those were not all."""
    promised_s: float | None
    loudness: tuple[float, ...]
    copied_as: AudioKind | None
    """None where it can't be copied."""


def open_source(path: Path, sniffed: Sniffed) -> InputContainer:
    """Open a file with the one reader that its first bytes name.

    Raises:
        av.FFmpegError: it can't be read.
    """
    options = {"protocol_whitelist": "file"}
    if sniffed.kind in {AudioKind.MP3, AudioKind.AAC}:  # behind junk, the frame that tells the length is overlooked
        options["skip_initial_bytes"] = str(sniffed.begins_at)
    # tags may be in any encoding, and we don't need what FFmpeg makes of them
    return av.open(str(path), "r", format=DEMUXERS[sniffed.kind], options=options, metadata_errors="replace")


def sound_stream(source: InputContainer) -> tuple[AudioStream, AudioKind]:
    """The sound of an open file, and what a fresh file of it is.

    Raises:
        NoSoundError: it has none that we know.
    """
    if not source.streams.audio:
        raise NoSoundError
    stream = source.streams.audio[0]
    context: object = stream.codec_context  # None where there is no decoder, though PyAV does not declare it
    if context is None:
        raise NoSoundError
    codec = stream.codec_context.name
    kind = AudioKind.WAV if codec.startswith(("pcm_", "adpcm_")) else _CODECS.get(codec)
    if kind is None:
        raise NoSoundError
    return stream, kind


def copy_and_hear(path: Path, sniffed: Sniffed, into: Path) -> Sound:
    """Copy the sound of a file into a fresh one, and hear it on the way.

    Raises:
        NoSoundError: there is nothing in it that we decode.
    """
    try:
        with open_source(path, sniffed) as source:
            stream, kind = sound_stream(source)
            copy = _Copy(into, kind, stream)
            try:
                heard = _hear(source, stream, copy)
            finally:
                copy.close()
            if not heard.duration_s:
                raise NoSoundError
            return Sound(
                duration_s=heard.duration_s,
                samples=heard.samples if heard.duration_s < DECODED_MAX_S else None,
                promised_s=_believed(_promise(path, sniffed, source, stream)),
                loudness=heard.loudness.parts(),
                copied_as=None if copy.has_failed else kind,
            )
    except av.FFmpegError as error:
        raise NoSoundError from error


class _Copy:
    """A fresh container that takes packets; one that fails is given up, and the hearing goes on."""

    def __init__(self, into: Path, kind: AudioKind, stream: AudioStream) -> None:
        self.has_failed = False
        self._container: OutputContainer | None = None
        self._shift = 0
        self._last_at = self._next_at = -_LONG_AGO
        muxer, options = _MUXERS[kind]
        try:
            self._container = av.open(str(into), "w", format=muxer, options={"fflags": "+bitexact", **options})
            self._stream = self._container.add_stream_from_template(stream)
        except _NOT_COPIED:
            self.has_failed = True

    def take(self, packet: Packet) -> None:
        if self.has_failed or self._container is None:
            return
        try:
            self._place(packet)
            packet.stream = self._stream
            self._container.mux(packet)
        except _NOT_COPIED:
            self.has_failed = True

    def _place(self, packet: Packet) -> None:
        """Let it follow the one before: where a second file begins, timestamps restart."""
        if packet.dts is None or packet.pts is None:
            return
        if packet.dts + self._shift < self._last_at:
            self._shift = self._next_at - packet.dts
        packet.dts += self._shift
        packet.pts += self._shift
        self._last_at = packet.dts
        self._next_at = packet.dts + (packet.duration or 0)

    def close(self) -> None:
        if self._container is None:
            return
        try:
            self._container.close()
        except _NOT_COPIED:
            self.has_failed = True


class _Heard:
    """What has been decoded so far."""

    def __init__(self) -> None:
        self.duration_s = 0.0
        self.samples = 0
        self.loudness = Loudness()


def _hear(source: InputContainer, stream: AudioStream, copy: _Copy) -> _Heard:
    heard = _Heard()
    for packet in packets_of(source, stream):
        if heard.duration_s < DECODED_MAX_S:
            for frame in frames_of(stream, packet):
                heard.duration_s += frame.samples / frame.sample_rate
                heard.samples += frame.samples
                heard.loudness.add(frame)
        elif packet.duration:
            heard.duration_s += float(packet.duration * packet.time_base)
        if packet.size:
            copy.take(packet)
    return heard


def packets_of(source: InputContainer, stream: AudioStream) -> Iterator[Packet]:
    """The packets up to where the file ends or breaks off; the last one is empty and gets the last frames."""
    packets = source.demux(stream)
    while True:
        try:
            yield next(packets)
        except (StopIteration, av.FFmpegError):
            return


def frames_of(stream: AudioStream, packet: Packet) -> list[AudioFrame]:
    """What a packet decodes to; nothing if it is spoilt: players skip that, too."""
    try:
        frames = stream.decode(packet)
    except av.FFmpegError:
        return []
    return [frame for frame in frames if frame.samples and frame.sample_rate]


# --- what the file itself says ---------------------------------------------------------------------------------------


def _promise(path: Path, sniffed: Sniffed, source: InputContainer, stream: AudioStream) -> float | None:
    """How long the file should play by its own header, in seconds; None where that says nothing."""
    match sniffed.kind:
        case AudioKind.MP3:
            return _promise_of_mp3(path, sniffed.begins_at)
        case AudioKind.WAV:
            return _promise_of_wav(path, stream)
        case AudioKind.FLAC | AudioKind.M4A:
            return _in_seconds(stream)
        case AudioKind.WEBM:
            return source.duration / av.time_base if source.duration else None
        case AudioKind.OGG | AudioKind.AAC:
            return None


def _believed(promised_s: float | None) -> float | None:
    return promised_s if promised_s and promised_s < _ENDLESS_S else None


def _in_seconds(stream: AudioStream) -> float | None:
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None


def _promise_of_wav(path: Path, stream: AudioStream) -> float | None:
    """What the data chunk says; FFmpeg would take the size of the file where that is less."""
    bits_per_s = stream.codec_context.bit_rate if stream.codec_context.name.startswith("pcm_") else None
    size_bytes = next((size for name, size in wav_chunks(path) if name == b"data"), 0)
    return size_bytes * 8 / bits_per_s if bits_per_s and size_bytes < _ENDLESS_BYTES else None


def _promise_of_mp3(path: Path, begins_at: int) -> float | None:
    """What the Xing, Info or VBRI frame in front says; FFmpeg would guess where there is none."""
    with path.open("rb") as file:
        file.seek(begins_at)
        head = file.read(4 + 32 + 2 + _XING_BYTES)
    if (frame := mpeg_frame(head)) is None:
        return None
    is_mono, is_first = head[3] >> 6 == _MONO, frame.samples == 1152
    side = (17 if is_mono else 32) if is_first else (9 if is_mono else 17)
    at = 4 + side
    count = 0
    if head[at : at + 4] in {b"Xing", b"Info"}:
        has_count = bool(head[at + 7] & 1)
        count = int.from_bytes(head[at + 8 : at + 12]) if has_count else 0
    elif head[_VBRI_AT : _VBRI_AT + 4] == b"VBRI":
        count = int.from_bytes(head[_VBRI_AT + 14 : _VBRI_AT + 18])
    return count * frame.samples / frame.rate_hz or None
