"""The real process and a provider that retires versions: what was found out outlives the process."""

import pytest

from tests.wire.conftest import Studio

pytestmark = pytest.mark.wire


def sent(studio: Studio) -> list[str]:
    return [seen.body["mv"] for seen in studio.standin.requests if seen.method == "POST"]


@pytest.mark.parametrize("names_mv", [True, False])
async def test_a_retired_version_gives_way_and_a_killed_bot_remembers_which_one_was_taken(
    studio: Studio,
    names_mv: bool,  # noqa: FBT001 -- a column of the table
) -> None:
    studio.standin.retired.versions.add("chirp-v4")
    studio.standin.retired.names_mv = names_mv
    await studio.finished("The first one")
    await studio.bot.kill()
    await studio.bot.start()
    await studio.finished("The second one")

    assert sent(studio) == ["chirp-v4", "chirp-v3-5", "chirp-v3-5"]
    assert len(studio.standin.creates) == 2
    told = [line for line in studio.bot.logs if "another version" in str(line)]
    assert len(told) == 1
