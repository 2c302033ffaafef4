"""What the client makes of an interaction: who asks with which rights, and one private sentence for each trouble."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from bot.domain.refusals import Reason, Refused
from bot.domain.wishes import WishError, WishProblem
from bot.ui import texts
from bot.ui.client import answer_error, asker_of, intents, say
from bot.ui.words import words_for
from tests.fakes.rows import START
from tests.unit.test_verdicts import refusal


def _thread() -> discord.Thread:
    """A thread in channel 600, of which nothing is known."""
    thread = object.__new__(discord.Thread)
    thread.id, thread.parent_id = 700, 600
    thread.guild = SimpleNamespace(get_channel=lambda _: None)  # type: ignore[assignment]  # as much as is asked
    return thread


class FakeInteraction:
    """As much of an interaction as is looked at; remembers what was answered."""

    def __init__(self, *, may: str = "", in_server: bool = True, thread: bool = False, done: bool = False) -> None:
        rights = dict.fromkeys(may.split(), True)
        self.id, self.token, self.created_at, self.filesize_limit = 500, "secret", START, 99
        self.app_permissions = discord.Permissions(**rights)
        self.permissions = discord.Permissions(manage_messages="manage_messages" in rights)
        self.guild_id = 70 if in_server else None
        self.channel_id = 700
        self.locale, self.guild_locale = discord.Locale.german, discord.Locale.japanese if in_server else None
        self.channel = _thread() if thread else None
        self.user = SimpleNamespace(id=7)
        self.said: list[tuple[str, str, bool]] = []
        self.trouble: Exception | None = None
        self.response = SimpleNamespace(is_done=lambda: done, send_message=self._speaker("response"))
        self.followup = SimpleNamespace(send=self._speaker("followup"))

    def _speaker(self, way: str) -> Any:
        async def speak(sentence: str, *, ephemeral: bool) -> None:
            if self.trouble:
                raise self.trouble
            self.said.append((way, sentence, ephemeral))

        return speak


GERMAN = words_for("de")
ALL = "view_channel send_messages embed_links read_message_history"


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ({"may": ALL}, ()),
        ({"may": "view_channel send_messages read_message_history"}, ("embed links",)),
        ({"may": "view_channel send_messages embed_links"}, ("read the message history",)),
        ({"may": ""}, ("see this channel", "send messages", "embed links", "read the message history")),
        ({"may": "", "in_server": False}, ()),
        ({"may": ALL, "thread": True}, ("send messages in threads",)),
        ({"may": f"{ALL.replace('send_messages', '')} send_messages_in_threads", "thread": True}, ()),
    ],
)
def test_what_the_bot_may_not_do_is_named(options: dict[str, Any], missing: tuple[str, ...]) -> None:
    assert asker_of(FakeInteraction(**options)).missing_permissions == missing  # type: ignore[arg-type]  # a fake


@pytest.mark.parametrize(
    ("options", "limit"),
    [({"may": ALL}, 0), ({"may": f"{ALL} attach_files"}, 99), ({"may": "", "in_server": False}, 99)],
)
def test_where_no_files_may_be_attached_none_are_tried(options: dict[str, Any], limit: int) -> None:
    assert asker_of(FakeInteraction(**options)).attachment_limit_bytes == limit  # type: ignore[arg-type]  # a fake


@pytest.mark.parametrize(("in_server", "is_moderator"), [(True, True), (False, False)])
def test_nobody_is_a_moderator_of_a_direct_message(in_server: bool, is_moderator: bool) -> None:  # noqa: FBT001 -- columns of the table
    interaction = FakeInteraction(may="manage_messages", in_server=in_server)

    assert asker_of(interaction).is_moderator is is_moderator  # type: ignore[arg-type]  # a fake


@pytest.mark.parametrize(("in_server", "locale"), [(True, "ja"), (False, "de")])
def test_cards_speak_the_language_of_the_server(in_server: bool, locale: str) -> None:  # noqa: FBT001 -- columns of the table
    assert asker_of(FakeInteraction(in_server=in_server)).locale == locale  # type: ignore[arg-type]  # a fake


@pytest.mark.parametrize(("done", "way"), [(False, "response"), (True, "followup")])
async def test_an_answer_is_private_and_finds_its_way(done: bool, way: str) -> None:  # noqa: FBT001 -- a column of the table
    interaction = FakeInteraction(done=done)

    await say(interaction, "hello")  # type: ignore[arg-type]  # a fake

    assert interaction.said == [(way, "hello", True)]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Refused(Reason.NOT_YOURS), GERMAN(texts.REFUSAL[Reason.NOT_YOURS])),
        (WishError(WishProblem.BAD_TIME), GERMAN(texts.PROBLEM[WishProblem.BAD_TIME])),
        (ValueError("prompt: my secret words"), GERMAN(texts.UNEXPECTED)),
    ],
)
async def test_each_trouble_becomes_one_private_sentence(error: Exception, sentence: str) -> None:
    interaction = FakeInteraction()

    await answer_error(interaction, error)  # type: ignore[arg-type]  # a fake

    assert interaction.said == [("response", sentence, True)]


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(404, 10062),
        refusal(503, 0),
        aiohttp.ServerDisconnectedError(),
        ConnectionResetError(),
        TimeoutError(),
        discord.RateLimited(60.0),
        discord.InteractionResponded(SimpleNamespace(data={})),  # type: ignore[arg-type]  # not looked at
    ],
)
async def test_an_answer_that_comes_too_late_is_logged_and_harms_nobody(
    trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    interaction = FakeInteraction()
    interaction.trouble = trouble

    await answer_error(interaction, Refused(Reason.NOT_YOURS))  # type: ignore[arg-type]  # a fake

    assert [record.message for record in caplog.records] == ["interaction can't be answered"]


@pytest.mark.parametrize("message_content", [True, False])
def test_nothing_privileged_is_asked_for_unless_the_operator_wants_it(message_content: bool) -> None:  # noqa: FBT001 -- a column of the table
    wanted = dict(intents(message_content=message_content))

    assert {name for name, on in wanted.items() if on} == {"guilds", "guild_messages", "dm_messages"} | (
        {"message_content"} if message_content else set()
    )
