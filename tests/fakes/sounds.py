"""Audio files in the shapes that encoders really write, made here: each gets louder half way."""

import struct
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from bot.sound.kinds import AudioKind

FORMS = {
    AudioKind.MP3: ("mp3", "mp3"),
    AudioKind.WAV: ("wav", "pcm_s16le"),
    AudioKind.OGG: ("ogg", "libopus"),
    AudioKind.FLAC: ("flac", "flac"),
    AudioKind.M4A: ("ipod", "aac"),
    AudioKind.AAC: ("adts", "aac"),
    AudioKind.WEBM: ("webm", "libopus"),
}
RATE_HZ = 48_000
LENGTH_S = 8.0
NO_XING = {"write_xing": "0", "id3v2_version": "0"}


def tone(seconds: float, *, rate_hz: int = RATE_HZ) -> NDArray[np.int16]:
    """Quiet first, loud in its second half."""
    at = np.arange(round(seconds * rate_hz))
    loud = np.where(at < len(at) // 2, 2000, 16000)
    return (np.sin(at * 2 * np.pi * 440 / rate_hz) * loud).astype(np.int16)


def encoded(
    form: str,
    codec: str,
    sound: NDArray[np.int16],
    *,
    rate_hz: int = RATE_HZ,
    options: Mapping[str, str] | None = None,
    codec_options: Mapping[str, str] | None = None,
) -> bytes:
    """A mono file of that sound."""
    frame = av.AudioFrame.from_ndarray(sound[np.newaxis, :], format="s16", layout="mono")
    frame.sample_rate = rate_hz
    with TemporaryDirectory() as folder:  # where the index goes in front, the muxer reads what it has written
        path = Path(folder) / "sound"
        _write(path, form, codec, frame, rate_hz, options, codec_options)
        return path.read_bytes()


def _write(
    path: Path,
    form: str,
    codec: str,
    frame: av.AudioFrame,
    rate_hz: int,
    options: Mapping[str, str] | None,
    codec_options: Mapping[str, str] | None,
) -> None:
    with av.open(str(path), "w", format=form, options=dict(options or {})) as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono", options=dict(codec_options or {}))
        assert isinstance(stream, AudioStream)
        for piece in av.AudioResampler(format=stream.format, layout="mono", rate=rate_hz).resample(frame):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


@cache
def sample(kind: AudioKind, seconds: float = LENGTH_S) -> bytes:
    """A plain file of that kind."""
    return encoded(*FORMS[kind], tone(seconds))


def _mp3(*, rate_hz: int = RATE_HZ, **codec_options: str) -> bytes:
    sound = tone(LENGTH_S, rate_hz=rate_hz)
    return encoded("mp3", "mp3", sound, rate_hz=rate_hz, options=NO_XING, codec_options=codec_options)


def _xing_0() -> bytes:
    content = bytearray(sample(AudioKind.MP3))
    at = max(content.find(b"Xing"), content.find(b"Info"))
    content[at + 8 : at + 12] = bytes(4)
    return bytes(content)


def _piped_wav() -> bytes:
    content = bytearray(sample(AudioKind.WAV))
    at = content.find(b"data")
    content[4:8] = content[at + 4 : at + 8] = b"\xff" * 4
    return bytes(content)


def _piped_flac() -> bytes:
    content = bytearray(sample(AudioKind.FLAC))
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    return bytes(content)


def _flac_in(form: str) -> bytes:
    """The encoder can't write it at once: its packets go from one container to the other."""
    with TemporaryDirectory() as folder:
        source, into = Path(folder) / "source", Path(folder) / "into"
        source.write_bytes(sample(AudioKind.FLAC))
        with av.open(str(source)) as before, av.open(str(into), "w", format=form) as after:
            stream = after.add_stream_from_template(before.streams.audio[0])
            for packet in before.demux(before.streams.audio[0]):
                if packet.size:
                    packet.stream = stream
                    after.mux(packet)
        return into.read_bytes()


def _mdhd_0() -> bytes:
    content = bytearray(sample(AudioKind.M4A))
    at = content.find(b"mdhd")
    content[at + 20 : at + 24] = bytes(4)
    return bytes(content)


def id3_tag(title: str) -> bytes:
    """An ID3v2.3 tag with a title and nothing else."""
    text = b"\x00" + title.encode("latin-1")
    frame = b"TIT2" + struct.pack(">I", len(text)) + b"\0\0" + text
    return b"ID3\x03\0\0" + bytes([0, 0, len(frame) >> 7, len(frame) & 127]) + frame


def _latin_1() -> bytes:
    content = bytearray(encoded("wav", "pcm_s16le", tone(LENGTH_S)))
    info = b"INFOINAM\x06\0\0\0\xc9t\xe9 1\0"
    content += b"LIST" + struct.pack("<I", len(info)) + info
    content[4:8] = struct.pack("<I", len(content) - 8)
    return bytes(content)


_FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}

ODD: Mapping[str, tuple[Callable[[], bytes], AudioKind, float]] = {
    "a constant bit rate, no Xing": (lambda: _mp3(b="64k"), AudioKind.MP3, 1),
    "a variable bit rate, no Xing": (lambda: _mp3(flags="+qscale", global_quality="236"), AudioKind.MP3, 1),
    "Xing with 0 frames": (_xing_0, AudioKind.MP3, 1),
    "11 kHz, no ID3": (lambda: _mp3(rate_hz=11_025), AudioKind.MP3, 1),
    "two MP3s": (lambda: sample(AudioKind.MP3) * 2, AudioKind.MP3, 2),
    "behind blank lines": (lambda: b"\r\n\r\n" + sample(AudioKind.MP3), AudioKind.MP3, 1),
    "behind zeros": (lambda: bytes(30_000) + _mp3(), AudioKind.MP3, 1),
    "two ID3 tags": (lambda: id3_tag("Outer") + id3_tag("Inner") + _mp3(), AudioKind.MP3, 1),
    "an old tag at the end": (lambda: _mp3() + b"TAG" + b"Old".ljust(125, b"\0"), AudioKind.MP3, 1),
    "WAV from a pipe": (_piped_wav, AudioKind.WAV, 1),
    "RF64": (lambda: encoded("wav", "pcm_s16le", tone(LENGTH_S), options={"rf64": "always"}), AudioKind.WAV, 1),
    "24 bits": (lambda: encoded("wav", "pcm_s24le", tone(LENGTH_S)), AudioKind.WAV, 1),
    "a name in Latin-1": (_latin_1, AudioKind.WAV, 1),
    "floats": (lambda: encoded("wav", "pcm_f32le", tone(LENGTH_S)), AudioKind.WAV, 1),
    "8 bits": (lambda: encoded("wav", "pcm_u8", tone(LENGTH_S)), AudioKind.WAV, 1),
    "FLAC from a pipe": (_piped_flac, AudioKind.FLAC, 1),
    "FLAC in Ogg": (lambda: _flac_in("ogg"), AudioKind.FLAC, 1),
    "ID3 before FLAC": (lambda: id3_tag("Outer") + sample(AudioKind.FLAC), AudioKind.FLAC, 1),
    "two Oggs": (lambda: sample(AudioKind.OGG) * 2, AudioKind.OGG, 2),
    "WebM": (lambda: sample(AudioKind.WEBM), AudioKind.OGG, 1),
    "ADTS": (lambda: sample(AudioKind.AAC), AudioKind.M4A, 1),
    "fragmented": (lambda: encoded("mp4", "aac", tone(LENGTH_S), options=_FRAGMENTED), AudioKind.M4A, 1),
    "a duration of 0": (_mdhd_0, AudioKind.M4A, 1),
    "its index in front": (
        lambda: encoded("mp4", "aac", tone(LENGTH_S), options={"movflags": "+faststart"}), AudioKind.M4A, 1,
    ),
    "MP3 in WAV": (lambda: encoded("wav", "mp3", tone(LENGTH_S)), AudioKind.MP3, 1),
    "MP3 in Matroska": (lambda: encoded("matroska", "mp3", tone(LENGTH_S)), AudioKind.MP3, 1),
    "AAC in Matroska": (lambda: encoded("matroska", "aac", tone(LENGTH_S)), AudioKind.M4A, 1),
    "ALAC": (lambda: encoded("ipod", "alac", tone(LENGTH_S)), AudioKind.M4A, 1),
    "Opus in MP4": (lambda: encoded("mp4", "libopus", tone(LENGTH_S)), AudioKind.OGG, 1),
    "FLAC in MP4": (lambda: _flac_in("mp4"), AudioKind.FLAC, 1),
    "A-law": (lambda: encoded("wav", "pcm_alaw", tone(LENGTH_S)), AudioKind.WAV, 1),
    "a tag larger than the file": (lambda: b"ID3\x03\0\0\x7f\x7f\x7f\x7f" + bytes(90) + _mp3(), AudioKind.MP3, 1),
    "a tag with a cover": (lambda: id3_tag("x" * 15_000) + _mp3(), AudioKind.MP3, 1),
    "layer II": (lambda: encoded("mp2", "mp2", tone(LENGTH_S)), AudioKind.MP3, 1),
}  # fmt: skip
"""What people report, by name: the file, what it should become, and how many times the sound is in it."""
