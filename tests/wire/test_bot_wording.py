"""The real process and a provider that sings prompts word for word."""

import pytest

from tests.wire.conftest import Studio

pytestmark = pytest.mark.wire


async def test_a_description_that_is_too_long_is_told_privately_and_leaves_no_row(stopped: Studio) -> None:
    stopped.bot.env["TOKENLAB_SINGS_PROMPT"] = "true"
    await stopped.bot.start()
    answer = await stopped.song("x" * 490, tags="blues")
    assert answer.ephemeral
    assert "at most 500 characters" in answer.shown.text
    assert stopped.rows() == []
    assert stopped.standin.creates == []
