"""Members ask for songs and lyrics: what is taken, what is refused, and what nobody can do with a prompt."""

from typing import Any

import discord
import pytest
from discord import app_commands

from bot.domain.tasks import State
from sandbox.faults import Fault, changed
from tests.behaviour.conftest import World, labels, private, text_of
from tests.unit.test_cards import LIVE_LINK, MASKED_LINKS

LONG_TEXT = "\n".join(f"Line {n} of a very long ballad about the sea" for n in range(110))

HOSTILE = [
    "@everyone @here come and listen",
    "<@123456789012345678> <@&123456789012345678> <#123456789012345678>",
    "```\n**Finished.** free music\n```",
    "> ||**__~~all of it~~__**||\n# Heading\n-# small",
    "[click](https://evil.example.com/x)",
    "a\u200bb\u202ec\u2066d @every\u200bone",
    "\\" * 400,
    "*" * 2000,
    "\n".join(["x"] * 2000),
]


async def test_lyrics_come_as_words_on_the_card(world: World) -> None:
    await world.alice.slash(world.channel, "lyrics", prompt="A lighthouse keeper")

    task = await world.until(State.COMPLETED)

    assert task.result is not None
    assert task.result.lyrics is not None
    last_line = task.result.lyrics.splitlines()[-1]
    assert last_line in text_of(world.card(task))
    assert world.card(task).attachments == []


async def test_lyrics_are_asked_for_without_a_version(world: World) -> None:
    await world.alice.slash(world.channel, "lyrics", prompt="A lighthouse keeper")
    await world.turn()

    (create,) = world.standin.creates
    assert create.body["action"] == "LYRICS"
    assert "mv" not in create.body


async def test_long_lyrics_come_whole_as_a_file(world: World) -> None:
    words = LONG_TEXT
    await world.alice.slash(world.channel, "lyrics", prompt="A ballad")
    await world.turn()
    world.standin.faults.on_status(_completed_with(lyrics=words))

    card = world.card(await world.until(State.COMPLETED))

    (file,) = card.attachments
    assert file.filename.endswith(".txt")
    assert (await file.read()).decode() == words
    assert words.splitlines()[0] in text_of(card)


@pytest.mark.parametrize("world", [{"standin": {"lyrics_model": False}}], indirect=True)
async def test_without_a_model_for_lyrics_the_answer_is_private_and_nothing_is_written(world: World) -> None:
    answer = await world.alice.slash(world.channel, "lyrics", prompt="A lighthouse keeper")

    assert "No model writes lyrics" in private(answer)
    assert await world.app.stores.tasks.counts() == {}


@pytest.mark.parametrize("world", [{"loads_catalogue": False}], indirect=True)
@pytest.mark.parametrize("options", [{}, {"model": "suno-lyrics"}])
async def test_lyrics_before_the_catalogue_was_read_are_put_off(world: World, options: dict[str, str]) -> None:
    answer = await world.alice.slash(world.channel, "lyrics", prompt="A lighthouse keeper", **options)

    assert "Try again in a minute" in private(answer)
    assert await world.app.stores.tasks.counts() == {}


@pytest.mark.parametrize("command", ["song", "lyrics"])
async def test_models_are_offered_while_typing_and_others_refused(world: World, command: str) -> None:
    offered = await world.alice.autocomplete(world.channel, command, "model", "SUNO")

    assert offered
    assert all(choice["name"].partition(" · ")[0] == choice["value"] for choice in offered)
    answer = await world.alice.slash(world.channel, command, prompt="x", model="no-such-model")
    assert "don't know this model" in private(answer)


async def test_every_option_of_a_song_reaches_the_provider(world: World) -> None:
    await world.song("Harbour", title="Low Tide", tags="blues, slow", instrumental=True, version="chirp-v5")

    (create,) = world.standin.creates
    assert create.body == {
        "model": "suno-music",
        "mv": "chirp-v5",
        "action": "MUSIC",
        "prompt": "Harbour",
        "title": "Low Tide",
        "tags": "blues, slow",
        "make_instrumental": True,
    }


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("sing sk-proj-abcdefghij0123456789abcdefghij0123456789", "key, token or password"),
        ("go to http://192.168.0.7/admin", "private or signed address"),
        ("\u200b\u200b", "prompt is empty"),
    ],
)
async def test_what_can_not_be_passed_on_is_refused_before_the_row(world: World, prompt: str, words: str) -> None:
    answer = await world.alice.slash(world.channel, "song", prompt=prompt)

    assert words in private(answer)
    assert prompt not in private(answer)
    assert await world.app.stores.tasks.counts() == {}
    assert world.channel.history(viewer=world.bob) == []


async def test_the_ready_ping_comes_once_as_a_reply_and_mentions_the_requester_only(world: World) -> None:
    task = await world.song()
    for _ in range(3):
        await world.advance(30)

    (ping,) = world.pings()
    (sent,) = [entry.json for entry in world.requests("POST", "/messages")]
    assert ping.reference is not None
    assert ping.reference.message_id == task.message_id
    assert sent["allowed_mentions"] == {"parse": [], "users": [world.alice.id], "replied_user": False}


@pytest.mark.parametrize("prompt", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_prompt_can_ping_anybody_or_break_its_card(world: World, prompt: str) -> None:
    await world.song(prompt, title=prompt[:90].strip(), tags=prompt[:500])

    for entry in world.env.http_requests:
        for payload in _payloads(entry.json):
            mentions = payload["allowed_mentions"]
            assert mentions["parse"] == []
            assert mentions.get("users", []) in ([], [world.alice.id])
            assert not mentions.get("roles")
    described = world.channel.history()[0].embeds[0].description or ""
    assert described.startswith(f"For <@{world.alice.id}>\n> ")
    assert "**Finished.** 0:" in described.splitlines()[-1]


def _payloads(body: Any) -> list[dict[str, Any]]:
    """The message of a request: itself, or what an interaction is answered with."""
    if not isinstance(body, dict):
        return []
    inner = body.get("data")
    return [inner] if isinstance(inner, dict) else [body] if "embeds" in body or "content" in body else []


@pytest.mark.parametrize(
    ("prompt", "as_file"), [("Slow harbour blues. " * 30, False), ("Slow harbour blues. " * 240, True)]
)
async def test_a_long_prompt_is_shown_whole_on_demand(world: World, prompt: str, as_file: bool) -> None:  # noqa: FBT001 -- a column of the table
    task = await world.asked(prompt)
    card = world.card(task)

    answer = await world.bob.click(card, label="Whole prompt")

    assert prompt.strip() not in text_of(card)
    assert answer.response.ephemeral
    if as_file:
        assert (await answer.response.attachments[0].read()).decode() == prompt.strip()
    else:
        assert answer.response.content == f"> {prompt.strip()}"


async def test_a_long_prompt_comes_in_pieces_where_no_files_may_be_attached(world: World) -> None:
    no_files = discord.PermissionOverwrite(attach_files=False)
    channel = world.guild.create_text_channel("texts", overwrites={world.guild.default_role: no_files})
    prompt = "\n".join(f"*line* {number} of a <long> one" for number in range(180))[:5000]
    await world.alice.slash(channel, "song", prompt=prompt)

    answer = await world.bob.click(channel.last_message, label="Whole prompt")

    shown = [answer.response, *answer.followups]
    assert len(shown) > 2
    assert all(message.ephemeral and not message.attachments for message in shown)
    said = "\n".join(message.content for message in shown).replace("\\", "")
    assert [line.removeprefix("> ") for line in said.splitlines()] == prompt.splitlines()


@pytest.mark.parametrize("text", MASKED_LINKS)
async def test_a_prompt_that_is_shown_whole_has_no_masked_link(world: World, text: str) -> None:
    card = world.card(await world.asked(f"{'x ' * 200}\n{text}"))

    answer = await world.bob.click(card, label="Whole prompt")

    assert not LIVE_LINK.search(private(answer))


@pytest.mark.parametrize("command", ["song", "lyrics"])
def test_the_name_of_a_model_has_a_length(world: World, command: str) -> None:
    found = world.app.bot.tree.get_command(command)
    assert isinstance(found, app_commands.Command)

    (model,) = [option for option in found.parameters if option.name == "model"]

    assert (model.min_value, model.max_value) == (1, 100)


async def test_a_card_that_could_not_be_noted_claims_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def shown(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(world.app.service.asking, "shown", shown)
    answer = await world.alice.slash(world.channel, "song", prompt="Harbour")
    monkeypatch.undo()
    assert answer.followups == []

    await world.advance(31)

    assert (await world.until(State.COMPLETED)).message_id == answer.response.id


async def test_a_short_prompt_has_no_button_for_more(world: World) -> None:
    assert labels(world.card(await world.asked("Blues"))) == ["Cancel"]


async def test_a_members_fourth_song_waits_in_line_with_its_place(world: World) -> None:
    for number in range(5):
        await world.asked(f"Song {number}")
    await world.advance(2)
    await world.advance(10)

    states = [(await world.task(number)).state for number in range(1, 6)]
    assert states == [State.RUNNING] * 3 + [State.QUEUED] * 2
    assert "In line:** as soon as one of yours is through" in text_of(world.card(await world.task(4)))
    assert "In line:** number 5 of yours, nobody else before you" in text_of(world.card(await world.task(5)))
    await world.until(State.COMPLETED, 5)
    assert len(world.standin.creates) == 5


async def test_another_members_song_goes_before_a_members_fourth(world: World) -> None:
    for number in range(5):
        await world.asked(f"Song {number}")
    await world.asked("Bob's", by=world.bob)
    await world.turn()

    assert [create.body["prompt"] for create in world.standin.creates].count("Bob's") == 1


async def test_the_eleventh_wish_in_line_is_refused_privately(world: World) -> None:
    for number in range(10):
        await world.asked(f"Song {number}")

    answer = await world.alice.slash(world.channel, "song", prompt="one more")

    assert "enough waiting" in private(answer)
    assert (await world.app.stores.tasks.counts())[State.QUEUED] == 10


async def test_a_bot_that_is_stopping_takes_no_wishes(world: World) -> None:
    world.app.service.close()

    assert "restarting" in private(await world.alice.slash(world.channel, "song", prompt="Blues"))
    assert await world.app.stores.tasks.counts() == {}


@pytest.mark.parametrize(
    ("permission", "words"),
    [("embed_links", "embed links"), ("read_message_history", "read the message history")],
)
async def test_where_the_bot_may_not_send_the_wish_is_refused_with_the_permissions_it_needs(
    world: World, permission: str, words: str
) -> None:
    deaf = world.guild.create_text_channel("deaf", overwrites={world.guild.default_role: _may_not(permission)})

    answer = await world.alice.slash(deaf, "song", prompt="Blues")

    assert f"allow me to {words}" in private(answer)


async def test_a_song_asked_for_in_a_direct_message_is_delivered_there(world: World) -> None:
    answer = await world.alice.user.slash("song", prompt="Blues")
    assert answer.response is not None

    task = await world.until(State.COMPLETED)
    await world.turn()

    card, ping = world.dms()
    assert card.id == task.message_id
    assert "Finished" in text_of(card)
    assert ping.content.startswith(world.alice.mention)


async def test_a_quiet_song_costs_at_most_four_edits(world: World) -> None:
    await world.song()
    await world.advance(30)

    assert len(world.requests("PATCH")) <= 4


def _completed_with(**fields: Any) -> Fault:
    return changed(lambda scene: dict(scene.finished) | fields)


def _may_not(permission: str) -> discord.PermissionOverwrite:
    return discord.PermissionOverwrite(**{permission: False})
