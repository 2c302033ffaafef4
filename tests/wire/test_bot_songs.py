"""From a command to a finished card, through the real process, both protocols and all sockets."""

import pytest

from tests.wire.conftest import SHARED_LOOP, Studio

pytestmark = [pytest.mark.wire, SHARED_LOOP]


async def test_song(shared: Studio) -> None:
    answer = await shared.song(title="Low Tide")
    print(answer.took_s)
    card = await shared.shows(answer.shown, "Finished")
    await shared.ping_of(card)
    print(card.text, card.attachments)
    for r in shared.discord.requests: print(r.at, r)
    print(shared.bot.output)
