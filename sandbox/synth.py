"""Turns a score into sound: wavetable voices, soft drums, a small room, and mp3 or m4a. Knows no words and no files."""

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from numpy.typing import NDArray

from sandbox.score import BEATS_PER_BAR, Note, Score, bass, harmony, melody

if TYPE_CHECKING:
    from av.audio.stream import AudioStream

SAMPLE_RATE = 44_100
BIT_RATE = 192_000
ENCODER_EFFORT = "7"  # 0 is the slowest, 9 the fastest
TABLE = 8192
FADE_S = 1.8
CEILING = 0.97

Mono = NDArray[np.float32]
Stereo = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """An instrument: strengths of its partials and the shape of a note. `decay_s` 0 means that it holds its level."""

    partials: tuple[float, ...]
    attack_s: float = 0.008
    decay_s: float = 0.0
    release_s: float = 0.12
    detune_cents: float = 0.0
    vibrato_cents: float = 0.0


VOICES: Mapping[str, Voice] = {
    "piano": Voice(partials=(1, 0.55, 0.3, 0.2, 0.08, 0.05), decay_s=0.9, release_s=0.25),
    "guitar": Voice(partials=(1, 0.6, 0.5, 0.3, 0.2, 0.12, 0.08), decay_s=0.6, release_s=0.2),
    "bell": Voice(partials=(1, 0, 0.3, 0, 0.15, 0, 0.06), decay_s=1.1, release_s=0.5),
    "organ": Voice(partials=(1, 0.6, 0.3, 0.3, 0, 0.15), attack_s=0.03),
    "flute": Voice(partials=(1, 0.22, 0.08), attack_s=0.06, vibrato_cents=9),
    "harmonica": Voice(partials=(0.8, 0.7, 0.5, 0.4, 0.25, 0.2), attack_s=0.05, vibrato_cents=12),
    "brass": Voice(partials=(0.8, 0.7, 0.6, 0.35, 0.2, 0.1), attack_s=0.05, vibrato_cents=5),
    "strings": Voice(
        partials=(1, 0.5, 0.33, 0.25, 0.16, 0.1), attack_s=0.18, release_s=0.4, detune_cents=7, vibrato_cents=5
    ),
    "synth": Voice(partials=(1, 0, 0.33, 0, 0.2, 0, 0.12), attack_s=0.02, detune_cents=9),
    "voice": Voice(partials=(0.9, 0.8, 0.5, 0.15, 0.05, 0.04), attack_s=0.09, release_s=0.2, vibrato_cents=16),
    "bass": Voice(partials=(1, 0.45, 0.2, 0.06), decay_s=1.2, release_s=0.15),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One player in the room: level and place from -1 (left) to 1 (right)."""

    voice: Voice
    level: float
    place: float


def render(score: Score) -> Stereo:
    """The tune as samples of shape (n, 2), between -1 and 1."""
    room = np.zeros((2, int(score.length_s * SAMPLE_RATE)), dtype=np.float32)
    style = score.style
    for part, notes in (
        (Part(VOICES[style.lead], 0.5, 0.12), melody(score)),
        (Part(VOICES[style.comping], 0.26, -0.25), harmony(score)),
        (Part(VOICES["bass"], 0.5, 0.0), bass(score)),
    ):
        _play(room, score, part, notes)
    _drum(room, score)
    wet = _in_a_room(room, score.seed)
    _rain(wet, score)
    return np.ascontiguousarray(_finished(wet, style.loudness).T)


def encode_mp3(samples: Stereo, passes: int = 1) -> bytes:
    """The samples (n, 2), played that often, as an mp3 file of constant bit rate."""
    return _encoded(samples, passes, container="mp3", codec="libmp3lame", options={"compression_level": ENCODER_EFFORT})


def encode_m4a(samples: Stereo, passes: int = 1) -> bytes:
    """The samples (n, 2), played that often, as AAC in an m4a file."""
    return _encoded(samples, passes, container="ipod", codec="aac", options={"aac_coder": "fast"})


def _encoded(samples: Stereo, passes: int, *, container: str, codec: str, options: dict[str, str]) -> bytes:
    """Encode one pass and write its packets as often as it is played: encoding is what takes time."""
    sink = io.BytesIO()
    with av.open(sink, "w", format=container) as file:
        stream = cast(
            "AudioStream",
            file.add_stream(codec, rate=SAMPLE_RATE, options=options, layout="stereo", format="fltp"),
        )
        stream.bit_rate = BIT_RATE
        packets = [bytes(packet) for frame in _frames(samples, stream) for packet in stream.encode(frame)]
        at = 0
        for _ in range(passes):
            for data in packets:
                file.mux(_packet(data, at, stream))
                at += stream.codec_context.frame_size
    return sink.getvalue()


def _frames(samples: Stereo, stream: "AudioStream") -> Iterator[av.AudioFrame | None]:
    """The samples in the frames that the encoder takes; None ends them."""
    stream.codec_context.open()
    size = stream.codec_context.frame_size
    planes = np.ascontiguousarray(samples.T)
    for start in range(0, planes.shape[1], size):
        chunk = np.ascontiguousarray(planes[:, start : start + size])
        frame = av.AudioFrame.from_ndarray(chunk, format="fltp", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = start
        yield frame
    yield None


def _packet(data: bytes, at: int, stream: "AudioStream") -> av.Packet:
    packet = av.Packet(data)
    packet.stream = stream
    packet.pts = packet.dts = at
    packet.duration = stream.codec_context.frame_size
    packet.time_base = Fraction(1, SAMPLE_RATE)
    packet.is_keyframe = True
    return packet


def frequency_hz(pitch: float) -> float:
    """Frequency of a MIDI pitch; 69 is the A of 440 Hz."""
    return float(440 * 2 ** ((pitch - 69) / 12))


def _play(room: Stereo, score: Score, part: Part, notes: Iterable[Note]) -> None:
    for note in notes:
        sound = _tone(part.voice, note.pitch, note.length * score.beat_s)
        _place(room, _second(score, note.start), sound * np.float32(part.level * note.loudness), part.place)


def _second(score: Score, beat: float) -> float:
    """When a beat sounds; with swing the off-beats come late."""
    late = score.style.swing if beat % 1 == 0.5 else 0.0  # noqa: PLR2004 - half a beat is the off-beat
    return (beat + late) * score.beat_s


def _place(room: Stereo, at_s: float, sound: Mono, place: float) -> None:
    start = int(at_s * SAMPLE_RATE)
    heard = sound[: room.shape[1] - start]
    for channel, side in ((0, -1), (1, 1)):
        room[channel, start : start + len(heard)] += heard * np.float32(np.sqrt((1 + side * place) / 2))


def _tone(voice: Voice, pitch: int, length_s: float) -> Mono:
    count = int((length_s + voice.release_s) * SAMPLE_RATE)
    time_s: Mono = np.arange(count, dtype=np.float32) / np.float32(SAMPLE_RATE)
    table = _table(voice.partials)
    sound = np.zeros(count, dtype=np.float32)
    sides = (-voice.detune_cents, voice.detune_cents) if voice.detune_cents else (0.0,)
    for cents in sides:
        sound += table[_phase(frequency_hz(pitch + cents / 100), count, voice.vibrato_cents)] / len(sides)
    return sound * _envelope(voice, time_s, length_s)


def _phase(pitch_hz: float, count: int, vibrato_cents: float) -> NDArray[np.int64]:
    cycles = np.arange(count) * (pitch_hz / SAMPLE_RATE)
    if vibrato_cents:
        rate_hz = 5.2
        depth = pitch_hz * vibrato_cents / 1731 / (2 * np.pi * rate_hz)  # 1731 cents make a factor of e
        cycles += depth * np.sin(np.arange(count) * (2 * np.pi * rate_hz / SAMPLE_RATE))
    return (cycles * TABLE).astype(np.int64) % TABLE


def _envelope(voice: Voice, time_s: Mono, length_s: float) -> Mono:
    rise = np.minimum(time_s / voice.attack_s, 1)
    fall = np.clip(1 - (time_s - length_s) / voice.release_s, 0, 1)
    shape = rise * fall
    return np.asarray(shape * np.exp(-time_s / voice.decay_s) if voice.decay_s else shape, dtype=np.float32)


@cache
def _table(partials: tuple[float, ...]) -> Mono:
    turn = np.arange(TABLE) * (2 * np.pi / TABLE)
    wave = sum(strength * np.sin(number * turn) for number, strength in enumerate(partials, start=1))
    return np.asarray(wave / sum(partials), dtype=np.float32)


def _drum(room: Stereo, score: Score) -> None:
    """Kick, snare and hat in every bar but the last; below a level only the brushes remain."""
    level = score.style.drums
    if level <= 0:
        return
    noise = np.random.default_rng(score.seed)
    kick, snare, hat = _kick(), _snare(noise), _hat(noise)
    for bar in range(len(score.chords) - 1):
        first = float(bar * BEATS_PER_BAR)
        for beat in (0.0, 2.0):
            _place(room, _second(score, first + beat), kick * np.float32(0.7 * level), 0)
        for beat in (1.0, 3.0):
            _place(room, _second(score, first + beat), snare * np.float32(0.35 * level), 0.05)
        for eighth in range(2 * BEATS_PER_BAR):
            strength = 0.12 if eighth % 2 else 0.18
            _place(room, _second(score, first + eighth / 2), hat * np.float32(strength * level), 0.3)


def _kick() -> Mono:
    time_s = np.arange(int(0.28 * SAMPLE_RATE)) / SAMPLE_RATE
    sweep_hz = 46 + 90 * np.exp(-time_s / 0.03)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(sweep_hz) / SAMPLE_RATE) * np.exp(-time_s / 0.08), dtype=np.float32)


def _snare(noise: np.random.Generator) -> Mono:
    time_s = np.arange(int(0.2 * SAMPLE_RATE)) / SAMPLE_RATE
    rattle = noise.standard_normal(len(time_s)) * 0.35
    return np.asarray(rattle * np.exp(-time_s / 0.05) * np.minimum(time_s / 0.004, 1), dtype=np.float32)


def _hat(noise: np.random.Generator) -> Mono:
    time_s = np.arange(int(0.08 * SAMPLE_RATE)) / SAMPLE_RATE
    hiss = np.diff(noise.standard_normal(len(time_s) + 1)) * 0.4
    return np.asarray(hiss * np.exp(-time_s / 0.018), dtype=np.float32)


def _in_a_room(dry: Stereo, seed: int) -> Stereo:
    """A gentle reverb: each side convolved with its own second of decaying noise."""
    noise = np.random.default_rng(seed + 1)
    time_s = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    size = _quick_size(dry.shape[1] + SAMPLE_RATE)
    wet = np.empty_like(dry)
    for side in (0, 1):
        echo = noise.standard_normal(SAMPLE_RATE) * np.exp(-time_s / 0.22) * np.minimum(time_s / 0.01, 1)
        echo /= np.sqrt(np.sum(echo**2))
        spectrum = np.fft.rfft(dry[side], size) * np.fft.rfft(echo.astype(np.float32), size)
        wet[side] = dry[side] + 0.3 * np.fft.irfft(spectrum, size)[: dry.shape[1]]
    return wet


def _quick_size(count: int) -> int:
    """The smallest size of at least this many samples that is transformed quickly: 2^n, or 3 times that."""
    power = 1 << (count - 1).bit_length()
    return power * 3 // 4 if power * 3 // 4 >= count else power


def _rain(room: Stereo, score: Score) -> None:
    """Rain on the window: hiss that comes and goes slowly."""
    if score.style.rain <= 0:
        return
    noise = np.random.default_rng(score.seed + 2)
    length = room.shape[1]
    gusts = 0.75 + 0.25 * np.sin(np.arange(length) * (2 * np.pi * 0.13 / SAMPLE_RATE))
    for side in (0, 1):
        hiss = noise.standard_normal(length + 3).astype(np.float32)
        soft = hiss[3:] + hiss[2:-1] + hiss[1:-2] + hiss[:-3]
        room[side] += (0.006 * score.style.rain * soft * gusts).astype(np.float32)


def _finished(sound: Stereo, loudness: float) -> Stereo:
    """Faded out at the end, at the wanted loudness, and never over full scale."""
    fade = int(FADE_S * SAMPLE_RATE)
    sound[:, -fade:] *= np.cos(np.linspace(0, np.pi / 2, fade, dtype=np.float32)) ** 2
    level = np.sqrt(np.mean(sound**2)) or 1.0
    louder = sound * np.float32((0.05 + 0.14 * loudness) / level)
    return np.asarray(CEILING * np.tanh(louder / CEILING), dtype=np.float32)
