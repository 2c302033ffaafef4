"""The words of a prompt that make the stand-in misbehave, so that every ending can be seen in the demo."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Trick:
    """What a magic word does, and a sentence that `says` so.

    `fault` names a create fault for the first `times` creates with the prompt (None: for all of them), `stretch`
    multiplies the time that the task takes, and `task` sets fields of the task.
    """

    says: str
    fault: str | None = None
    times: int | None = None
    stretch: float = 1.0
    task: Mapping[str, Any] = field(default_factory=dict)


MAGIC_WORDS: Mapping[str, Trick] = {
    "fail": Trick(
        says="the song fails after its time, with a plain error of the provider",
        task={"error": {"code": "upstream_error", "message": "The track could not be rendered"}},
    ),
    "refuse": Trick(says="the wish is refused at once (400)", fault="refused"),
    "slow": Trick(says="the song takes twice as long", stretch=2.0),
    "unclear": Trick(
        says="the song is accepted, but the connection breaks before the answer: nobody can know; trying again works",
        fault="drop_recorded",
        times=1,
    ),
    "busy": Trick(
        says="the provider is busy twice (429, try again in 5 s), then takes it", fault="rate_limited", times=2
    ),
    "broke": Trick(says="the provider's balance is used up (402)", fault="insufficient_balance"),
    "one take": Trick(says="the song comes in one take only", task={"takes": 1}),
    "empty": Trick(says="the song is reported as completed, but without audio", task={"empty": True}),
}


def tricks_in(prompt: str) -> list[tuple[str, Trick]]:
    """The magic words that stand in the prompt as whole words, in any case, with what they do."""
    return [(word, trick) for word, trick in MAGIC_WORDS.items() if _stands_in(word, prompt)]


def _stands_in(word: str, prompt: str) -> bool:
    pattern = r"\s+".join(word.split())
    return re.search(rf"\b{pattern}\b", prompt, re.IGNORECASE) is not None
