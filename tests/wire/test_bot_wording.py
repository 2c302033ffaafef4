"""The real process and a provider that sings prompts word for word: learnt once, and known to the next process."""

from typing import Any

import pytest

from sandbox.faults import changed
from tests.wire.conftest import Studio

pytestmark = pytest.mark.wire

WORDS = "Ropes on the pier, the gulls are gone, low tide"


def texts(studio: Studio) -> dict[str, Any]:
    """What the newest create held of prompt, title and styles."""
    body = studio.standin.creates[-1].body
    return {name: body[name] for name in ("prompt", "title", "tags") if name in body}


async def test_a_sung_prompt_is_remembered_by_a_killed_bot_until_the_operator_says_otherwise(studio: Studio) -> None:
    studio.standin.faults.on_status(changed(lambda scene: scene.finished | {"lyrics": f"[Verse]\n{WORDS}"}))
    await studio.finished(WORDS, title="Low Tide", tags="blues")
    assert texts(studio) == {"prompt": WORDS, "title": "Low Tide", "tags": "blues"}
    await studio.bot.kill()
    await studio.bot.start()
    await studio.finished("Rain", tags="blues")
    assert texts(studio) == {"prompt": "Rain\nIn these styles: blues."}
    assert len([line for line in studio.bot.logs if "word for word" in str(line)]) == 1

    await studio.bot.kill()
    studio.bot.env["TOKENLAB_SINGS_PROMPT"] = "False"
    await studio.bot.start()
    await studio.finished("Sun", tags="blues")
    assert texts(studio) == {"prompt": "Sun", "tags": "blues"}


async def test_a_description_that_is_too_long_is_told_privately_and_leaves_no_row(stopped: Studio) -> None:
    stopped.bot.env["TOKENLAB_SINGS_PROMPT"] = "true"
    await stopped.bot.start()
    answer = await stopped.song("x" * 490, tags="blues")
    assert answer.ephemeral
    assert "at most 500 characters" in answer.shown.text
    assert stopped.rows() == []
    assert stopped.standin.creates == []
