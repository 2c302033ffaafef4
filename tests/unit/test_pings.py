"""The ready ping: what it says, which way it goes, and how it is found again after a crash."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.members import Telling
from bot.domain.tasks import Kind, State
from bot.engine.ports import CantLookError, ShowLaterError
from bot.ui.pings import ReadyPings
from bot.ui.reach import SEARCH_MESSAGES, SENT_WITHIN
from tests.fakes.engine_fakes import SONG
from tests.fakes.rows import START, make_task
from tests.fakes.small_discord import DONE, FakeDiscord, message, reach
from tests.unit.test_cards import LIVE_LINK, MASKED_LINKS
from tests.unit.test_verdicts import refusal


def pings(client: FakeDiscord) -> ReadyPings:
    return ReadyPings(reach(client))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": State.COMPLETED, "result": SONG}, "your song **Low Tide** is ready"),
        ({"state": State.COMPLETED, "kind": Kind.LYRICS}, "your lyrics **Slow harbour blues** are ready"),
        ({"state": State.UNCERTAIN}, "unclear what became of **Slow harbour blues**"),
        ({"state": State.FAILED}, "**Slow harbour blues** could not be made"),
    ],
)
async def test_each_end_is_told_in_its_own_words(changes: dict[str, Any], words: str) -> None:
    client = FakeDiscord()

    assert await pings(client).ping(make_task(**changes), Telling.PING) == (700, 42)

    assert client.asked[0][1]["content"].startswith("<@7> ")
    assert words in client.asked[0][1]["content"]


async def test_a_ping_without_a_card_is_no_reply_and_is_tried_once() -> None:
    client = FakeDiscord(send=refusal(403, 160002))

    assert await pings(client).ping(make_task(**DONE, message_id=None), Telling.PING) is None

    assert ["reference" in payload for _, payload in client.asked] == [False]


class ClosedChannel(FakeDiscord):
    """A channel that takes no messages, and an open door to its member."""

    def __init__(self, error: Exception, **refusals: Exception) -> None:
        super().__init__(**refusals)
        self.error = error
        self.direct = FakeDiscord()

    async def send(self, **payload: Any) -> Any:
        self.asked.append(("send", payload))
        raise self.error

    async def create_dm(self, _user: Any) -> Any:
        return self._do("create_dm", self.direct, {})


@pytest.mark.parametrize("error", [refusal(403, 50013), refusal(403, 50001), refusal(404, 10003)])
async def test_a_ping_that_no_channel_takes_goes_directly_with_a_link(error: Exception) -> None:
    client = ClosedChannel(error)

    assert await pings(client).ping(make_task(**DONE), Telling.PING) == (700, 42)

    ((_, payload),) = client.direct.asked
    assert payload["content"].endswith("https://discord.com/channels/70/700/7001")
    assert "reference" not in payload


async def test_a_ping_that_reaches_nobody_is_left_out() -> None:
    client = ClosedChannel(refusal(403, 50001), create_dm=refusal(403, 50007))

    assert await pings(client).ping(make_task(**DONE), Telling.PING) is None


@pytest.mark.parametrize("title", MASKED_LINKS)
async def test_no_title_becomes_a_masked_link_in_a_ping(title: str) -> None:
    client = FakeDiscord()

    await pings(client).ping(make_task(**DONE, title=title), Telling.PING)

    assert not LIVE_LINK.search(client.asked[0][1]["content"])


CARD_LINK = "https://discord.com/channels/70/700/7001"


@pytest.mark.parametrize(
    ("found", "is_found"),
    [
        ([message(answers=7001)], True),
        ([message(answers=7001, at=START - timedelta(seconds=29))], True),  # by a clock that is behind
        ([message(answers=7001, at=START - timedelta(seconds=31))], False),  # told of something before
        ([message(answers=5)], False),
        ([message(content=f"<@7> your song **x** is ready. {CARD_LINK}")], True),
        ([message(content=f"A moderator has cancelled it. {CARD_LINK}")], False),
        ([message(content=f"<@7> your song **x** is ready. {CARD_LINK}0")], False),
        ([], False),
    ],
)
async def test_a_ping_is_found_by_what_it_answers_or_links_since_it_was_begun(
    found: list[Any], *, is_found: bool
) -> None:
    client = FakeDiscord()
    client.messages = [message(author=2, answers=7001), message(), *found]

    where = await pings(client).find_ping(make_task(**DONE, ping_at=START))

    assert where == ((700, found[0].id) if is_found else None)


async def test_a_ping_that_went_directly_is_found_there() -> None:
    client = ClosedChannel(refusal(403, 50001))
    client.direct.messages = [sent := message(content=f"<@7> your song **x** is ready. {CARD_LINK}")]

    assert await pings(client).find_ping(make_task(**DONE, ping_at=START)) == (700, sent.id)


async def test_where_nothing_can_be_sent_nothing_was_sent() -> None:
    client = FakeDiscord(create_dm=refusal(403, 50278))
    client.messages = [message(author=2)]

    assert await pings(client).find_ping(make_task(**DONE, ping_at=START)) is None


def busy(count: int, at: datetime) -> list[Any]:
    return [message(author=2, at=at + timedelta(milliseconds=number)) for number in range(count)]


@pytest.mark.parametrize(
    ("messages", "changes"),
    [
        ([], {"history": refusal(403, 50001)}),
        ([], {"is_blind": True}),  # Discord's answer to whoever may not read
        (busy(SEARCH_MESSAGES, START), {}),
    ],
    ids=["refused", "nothing may be read", "too much was said"],
)
async def test_whether_a_ping_is_there_may_be_unknown(messages: list[Any], changes: dict[str, Any]) -> None:
    refusals = {name: value for name, value in changes.items() if name == "history"}
    client = FakeDiscord(**refusals)
    client.messages, client.is_blind = messages, changes.get("is_blind", False)

    with pytest.raises(CantLookError):
        await pings(client).find_ping(make_task(**DONE, ping_at=START))


async def test_what_was_said_much_later_is_not_searched() -> None:
    client = FakeDiscord()
    client.messages = [message(author=2), *busy(SEARCH_MESSAGES, START + SENT_WITHIN + timedelta(seconds=1))]

    assert await pings(client).find_ping(make_task(**DONE, ping_at=START)) is None


async def test_an_outage_says_nothing_about_a_ping() -> None:
    with pytest.raises(ShowLaterError):
        await pings(FakeDiscord(history=refusal(503, 0))).find_ping(make_task(**DONE, ping_at=START))
