"""How loud a song is from beginning to end, measured piece by piece while it is decoded."""

import numpy as np
from av import AudioFrame
from numpy.typing import NDArray

from bot.sound.jobs import PARTS

_LEVELS_PER_S = 50

Levels = NDArray[np.float64]


class Loudness:
    """Takes frames, measures the loudness of each part."""

    def __init__(self) -> None:
        self._levels: list[Levels] = []
        self._rest: Levels = np.empty(0)

    def add(self, frame: AudioFrame) -> None:
        """Hear one frame, all of its channels."""
        self._rest = np.concatenate([self._rest, _power(frame)])
        per_level = max(1, frame.sample_rate // _LEVELS_PER_S)
        whole = len(self._rest) // per_level * per_level
        self._levels.append(self._rest[:whole].reshape(-1, per_level).mean(axis=1))
        self._rest = self._rest[whole:]

    def parts(self) -> tuple[float, ...]:
        """The loudness of each part, between its mean and its peak; none if nothing was heard."""
        rest = [np.atleast_1d(self._rest.mean())] if len(self._rest) else []
        power = np.concatenate([*self._levels, *rest]) if self._levels or rest else np.empty(0)
        if not power.size:
            return ()
        levels = np.minimum(np.nan_to_num(np.sqrt(power)), 1.0)
        starts = np.arange(PARTS) * levels.size // PARTS
        shape = (np.maximum.reduceat(levels, starts) + np.sqrt(_means(levels**2, starts))) / 2
        return tuple(round(float(one), 5) for one in shape)


def _power(frame: AudioFrame) -> Levels:
    """The mean square of each sample over all channels."""
    sound = frame.to_ndarray()
    values = sound.astype(np.float64)
    if sound.dtype == np.uint8:
        values -= 128
    if np.issubdtype(sound.dtype, np.integer):
        values /= 2.0 ** (sound.dtype.itemsize * 8 - 1)
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    power: Levels = np.square(values).mean(axis=0)
    return power


def _means(values: Levels, starts: NDArray[np.intp]) -> Levels:
    """The mean from each start up to the next one; where starts coincide, of the one value there."""
    sums: Levels = np.add.reduceat(values, starts)
    return sums / np.maximum(np.diff(starts, append=len(values)), 1)
