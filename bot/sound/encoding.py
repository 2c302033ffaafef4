"""Encodes a song so that it fits: the only place where sound is not copied as it is."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av import AudioFrame, AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from bot.sound.jobs import Encoding
from bot.sound.kinds import AudioKind, Sniffed
from bot.sound.reading import NoSoundError, frames_of, open_source, packets_of, sound_stream

_MP3_RATES_HZ = (32_000, 44_100, 48_000)
_OPUS_RATE_HZ = 48_000


def encode(path: Path, sniffed: Sniffed, into: Path, encoding: Encoding) -> float:
    """Write the sound of a file to a fresh one at the bit rate that is named; return its length in seconds.

    Raises:
        NoSoundError: it can't be decoded, or not be encoded.
    """
    try:
        with open_source(path, sniffed) as source:
            stream, _ = sound_stream(source)
            return _encode(source, stream, into, encoding)
    except av.FFmpegError as error:
        raise NoSoundError from error


def _encode(source: InputContainer, stream: AudioStream, into: Path, encoding: Encoding) -> float:
    is_mp3 = encoding.kind is AudioKind.MP3
    muxer, codec, sample_format = ("mp3", "libmp3lame", "s16p") if is_mp3 else ("ogg", "libopus", "s16")
    rate_hz = _OPUS_RATE_HZ
    if is_mp3 and stream.codec_context.sample_rate in _MP3_RATES_HZ:
        rate_hz = stream.codec_context.sample_rate
    layout = "mono" if stream.codec_context.channels == 1 else "stereo"
    options = {"fflags": "+bitexact", **({"id3v2_version": "0"} if is_mp3 else {})}
    samples = 0
    with av.open(str(into), "w", format=muxer, options=options) as sink:
        out = sink.add_stream(
            codec,
            rate=rate_hz,
            format=sample_format,
            layout=layout,
            bit_rate=encoding.kbps * 1000,
            options={} if is_mp3 else {"vbr": "constrained"},
        )
        assert isinstance(out, AudioStream)  # noqa: S101 -- the names above are those of sound
        for frame in _resampled(source, stream, sample_format=sample_format, layout=layout, rate_hz=rate_hz):
            frame.pts, frame.time_base = samples, Fraction(1, rate_hz)
            samples += frame.samples
            sink.mux(out.encode(frame))
        sink.mux(out.encode(None))
    return samples / rate_hz


def _resampled(
    source: InputContainer, stream: AudioStream, *, sample_format: str, layout: str, rate_hz: int
) -> Iterator[AudioFrame]:
    """All frames in one form; a second file behind the first may be of another one."""
    shape: tuple[str, str, int] | None = None
    resampler = AudioResampler(format=sample_format, layout=layout, rate=rate_hz)
    for packet in packets_of(source, stream):
        for frame in frames_of(stream, packet):
            its_shape = (frame.format.name, frame.layout.name, frame.sample_rate)
            if shape not in {None, its_shape}:
                yield from resampler.resample(None)
                resampler = AudioResampler(format=sample_format, layout=layout, rate=rate_hz)
            shape = its_shape
            frame.pts = None
            yield from resampler.resample(frame)
    if shape is not None:
        yield from resampler.resample(None)
