"""A card that was never confirmed is found by its buttons, or counts as not there."""

import pytest
from discord.utils import time_snowflake

from bot.domain.tasks import State
from bot.engine.ports import ShowLaterError
from bot.ui.searching import CardSearch
from tests.fakes.rows import START, make_task
from tests.fakes.small_discord import ME, FakeDiscord, message, reach
from tests.unit.test_verdicts import refusal

FOUND = time_snowflake(START)


def search(client: FakeDiscord) -> CardSearch:
    return CardSearch(reach(client))


@pytest.mark.parametrize(
    ("custom_id", "card_id"),
    [("encore:cancel:1", 7001), ("encore:cancel:2", None), ("encore:start:1", None), ("x", None)],
)
async def test_a_message_that_was_there_before_is_the_card_once_it_has_its_buttons(
    custom_id: str, card_id: int | None
) -> None:
    client = FakeDiscord()
    client.messages = [message(custom_id=custom_id)]

    assert await search(client).find_card(make_task(state=State.RECEIVED)) == card_id


@pytest.mark.parametrize("error", [refusal(404, 10008), refusal(403, 50001)])
async def test_a_card_out_of_reach_counts_as_not_there(error: Exception) -> None:
    client = FakeDiscord(fetch_message=error, history=error)

    for message_id in (7001, None):
        assert await search(client).find_card(make_task(state=State.RECEIVED, message_id=message_id)) is None


@pytest.mark.parametrize("error", [refusal(503, 0), refusal(401, 0)])
async def test_an_outage_or_a_reset_token_says_nothing_about_a_card(error: Exception) -> None:
    client = FakeDiscord(history=error)

    with pytest.raises(ShowLaterError):
        await search(client).find_card(make_task(state=State.RECEIVED, message_id=None))


@pytest.mark.parametrize(
    ("author", "custom_id", "card_id"),
    [(ME, "encore:cancel:1", FOUND), (2, "encore:cancel:1", None), (ME, "encore:cancel:11", None)],
)
async def test_a_lost_answer_is_found_among_our_own_messages(author: int, custom_id: str, card_id: int | None) -> None:
    client = FakeDiscord()
    client.messages = [message(author=author, custom_id=custom_id)]

    found = await search(client).find_card(make_task(state=State.RECEIVED, message_id=None))

    assert found == card_id
