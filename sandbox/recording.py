"""What the audio file of a take holds: a tune, and how often it is played. Pure; makes no sound."""

import math
from dataclasses import dataclass

from sandbox.score import Score

SHORTEST_S, LONGEST_S = 125.0, 205.0
"""Songs of the provider last minutes: 3 to 5 MB at the encoder's bit rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The content of one file."""

    score: Score
    passes: int = 1
    """How often the tune is played."""

    @property
    def length_s(self) -> float:
        """How long it plays; an encoder may add some hundredths of a second to each pass."""
        return self.passes * self.score.length_s


def long_recording(score: Score, take: int) -> Recording:
    """Return the tune as a song that lasts minutes; each take lasts longer or shorter than the other."""
    fewest = math.ceil(SHORTEST_S / score.length_s)
    most = math.floor(LONGEST_S / score.length_s)
    return Recording(score=score, passes=fewest + (score.style.tempo_bpm + take) % (most - fewest + 1))


def moment_in_tune(score: Score, at_s: float | None) -> float | None:
    """Return where in its tune a recording is at that second; None stands for the end."""
    return at_s if at_s is None or at_s <= score.length_s else at_s % score.length_s
