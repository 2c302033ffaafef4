"""`/privacy`: a member reads what is kept, takes it with them, has it erased; old texts go by the server's rule."""

import gzip
import json
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from bot.domain.audit import Act, Deed
from bot.domain.blocks import Block
from bot.domain.members import PreferenceChanges, Telling
from bot.domain.privacy import NOBODY
from bot.domain.rules import EVERYWHERE, RuleChanges
from bot.domain.takes import Track
from bot.domain.tasks import MusicTask, Result, Role, StaleTaskError, State
from bot.engine.fetcher import Fetcher
from bot.ui.client import asker_of
from bot.ui.packing import NAME
from tests.behaviour.conftest import Seen, World, labels, private, text_of

DAY_S = 86_400.0


async def panel(world: World, by: Any = None) -> Any:
    answer = await (by or world.alice).slash(world.channel, "privacy")
    assert answer.response.ephemeral
    return answer.response


async def set_rules(world: World, guild_id: int, **rules: Any) -> None:
    deed = Deed(act=Act.RULES, guild_id=guild_id, actor_id=world.mo.id)
    await world.app.stores.servers.change_rules(guild_id, RuleChanges(**rules), deed)


async def want_erased(world: World) -> Any:
    """Alice asks for it and confirms; gives the answer."""
    question = await world.alice.click(await panel(world), label="Erase")
    assert "Nothing brings it back" in private(question)
    return await world.alice.click(question.response.message, label="Yes, erase everything")


async def is_erased(world: World) -> bool:
    return await world.app.stores.erasures.get(world.alice.id) is None


async def until_erased(world: World) -> None:
    for _ in range(20):
        if await is_erased(world):
            return
        await world.advance(6)
    raise AssertionError("the erasure does not end")


def dump(world: World) -> str:
    """Every value of every table."""
    with closing(sqlite3.connect(world.folder / "encore.db")) as connection:
        return "\n".join(connection.iterdump())


def shown_by(world: World, task: MusicTask) -> list[int]:
    """Messages in Discord that show a task: its card and its ping."""
    return [message.id for message in world.channel.history() if message.id == task.message_id] + [
        message.id for message in world.pings() if message.reference and message.reference.message_id == task.message_id
    ]


# --- what is kept ----------------------------------------------------------------------------------------------------


async def test_the_answer_says_what_is_kept_and_for_how_long(world: World) -> None:
    shown = await panel(world)

    said = text_of(shown)
    for words in (
        "lyrics with their earlier versions",
        "15 minutes",
        "an hour",
        "30 days at most",
        "TokenLab",
        "Blocks",
    ):
        assert words in said
    assert "as long as this server wants" in said
    assert labels(shown.message) == ["Export", "Erase"]
    assert "Erasing" not in said


async def test_each_place_names_its_own_days(world: World) -> None:
    await set_rules(world, world.guild.id, keep_days=90)
    assert "Wishes, lyrics and results: 90 days." in text_of(await panel(world))
    in_direct = await world.alice.user.slash("privacy")
    assert "results: until you erase them." in text_of(in_direct.response)
    await set_rules(world, EVERYWHERE, keep_days=1)
    in_direct = await world.alice.user.slash("privacy")
    assert "Wishes, lyrics and results: 1 day." in text_of(in_direct.response)


@pytest.mark.parametrize("press", ["privacy_export", "privacy_erase", "privacy_erase_surely"])
async def test_a_strangers_press_does_nothing(world: World, press: str) -> None:
    shown = await panel(world)

    custom_id = f"encore:{press}:{world.alice.id}"
    answer = await Seen(world, shown.message).with_button(custom_id).press(world.bob, custom_id)

    assert private(answer) == "That is somebody else's."
    assert await is_erased(world)


# --- export ----------------------------------------------------------------------------------------------------------


async def exported(world: World, by: Any = None) -> dict[str, Any]:
    answer = await (by or world.alice).click(await panel(world, by), label="Export")
    (file,) = answer.response.attachments
    assert answer.response.ephemeral
    assert file.filename == NAME
    return dict(json.loads(await file.read()))


async def test_an_export_holds_all_of_ones_own_and_nothing_else(world: World) -> None:
    song = await world.song("Slow harbour blues", title="Harbour")
    await world.asked("Bob's secret wish", by=world.bob)
    await world.asked("Still waiting")
    await world.app.service.preferring.change(world.alice.id, PreferenceChanges(telling=Telling.SILENT, tags="blues"))
    await world.alice.click(world.card(song), label="Again")
    deed = Deed(act=Act.BLOCK, guild_id=world.guild.id, actor_id=world.mo.id, subject_id=world.alice.id)
    servers = world.app.stores.servers
    block = Block(guild_id=world.guild.id, user_id=world.alice.id, until=world.clock(), reason="too many")
    await servers.block(block, deed)

    mine, bobs = await exported(world), await exported(world, world.bob)

    assert (mine["format"], mine["version"], mine["user_id"]) == ("encore-export", 1, str(world.alice.id))
    first, second = mine["tasks"]
    assert (first["prompt"], first["title"], first["state"]) == ("Slow harbour blues", "Harbour", "completed")
    assert second["prompt"] == "Still waiting"
    assert song.result is not None
    assert [one["audio_url"] for one in first["result"]["tracks"]] == [one.audio_url for one in song.result.tracks]
    assert first["attempts"][0]["request_id"] == song.request_id
    assert [one["message_id"] for one in first["messages"]] == sorted(map(str, shown_by(world, song)))
    assert mine["preferences"]["tags"] == "blues"
    assert [one["wish"]["prompt"] for one in mine["drafts"]] == ["Slow harbour blues"]
    assert [(one["reason"], one["server_id"]) for one in mine["blocks"]] == [("too many", str(world.guild.id))]
    assert [(one["act"], one["done_to_you"], one["done_by_you"]) for one in mine["audit"]] == [("block", True, False)]
    text = json.dumps(mine)
    assert "secret" not in text
    assert str(world.bob.id) not in text
    assert str(world.mo.id) not in text
    assert [one["prompt"] for one in bobs["tasks"]] == ["Bob's secret wish"]
    assert (bobs["blocks"], bobs["drafts"], bobs["preferences"], bobs["audit"]) == ([], [], None, [])


async def test_an_export_holds_edited_lyrics_and_their_earlier_versions(world: World) -> None:
    await world.alice.slash(world.channel, "lyrics", prompt="A ballad")
    await world.turn()
    task = await world.until(State.COMPLETED)
    asker = replace(_asker(world), user_id=world.alice.id)
    await world.app.service.lyrics.edit(task.id, asker, "Other words")

    (kept,) = (await exported(world))["tasks"]

    assert kept["edited_lyrics"] == "Other words"
    assert [one["text"] for one in kept["earlier_lyrics"]] == [task.lyrics]


def _asker(world: World) -> Any:
    from bot.service import Asker  # noqa: PLC0415 -- here alone

    return Asker(
        user_id=0, guild_id=world.guild.id, channel_id=world.channel.id, locale="en-US", is_moderator=False,
        places=frozenset(), roles=frozenset(), missing_permissions=(), interaction_id=1, interaction_token="t",
        asked_at=world.clock(), attachment_limit_bytes=0,
    )  # fmt: skip


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Attachments may not be larger than this."""

    def limit(size_bytes: int) -> None:
        monkeypatch.setattr(
            sys.modules["cogs.privacy"],
            "asker_of",
            lambda one: replace(asker_of(one), attachment_limit_bytes=size_bytes),
        )

    return limit


async def test_a_large_export_is_compressed(world: World, limited: Callable[[int], None]) -> None:
    await world.asked("so much to say " * 300)
    limited(3000)

    answer = await world.alice.click(await panel(world), label="Export")

    (file,) = answer.response.attachments
    assert file.filename == f"{NAME}.gz"
    assert len(json.loads(gzip.decompress(await file.read()))["tasks"]) == 1


@pytest.mark.parametrize("part_bytes", [200, 8_000_000])
async def test_one_that_is_larger_still_comes_directly_in_parts(
    world: World, limited: Callable[[int], None], monkeypatch: pytest.MonkeyPatch, part_bytes: int
) -> None:
    await world.asked("so much to say")
    limited(0)
    monkeypatch.setattr(sys.modules["cogs.privacy"], "PART_BYTES", part_bytes)

    answer = await world.alice.click(await panel(world), label="Export")

    assert "sent it to you directly" in private(answer)
    told = world.dms()
    parts = [await message.attachments[0].read() for message in told]
    names = [message.attachments[0].filename for message in told]
    assert names[0] == (f"{NAME}.gz" if len(parts) == 1 else f"{NAME}.gz.001")
    assert all(len(part) <= part_bytes for part in parts)
    assert len(json.loads(gzip.decompress(b"".join(parts)))["tasks"]) == 1
    assert "put them together" in told[0].content


async def test_without_a_way_to_send_it_that_is_said(world: World, limited: Callable[[int], None]) -> None:
    limited(0)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50007)

    answer = await world.alice.click(await panel(world), label="Export")

    assert "may not send you direct messages" in private(answer)


async def test_one_export_at_a_time_is_made(world: World) -> None:
    shown = await panel(world)
    with world.app.service.privacy.export(world.alice.id):
        assert "being made already" in private(await world.alice.click(shown, label="Export"))

    assert (await world.alice.click(shown, label="Export")).response.attachments


# --- erase -----------------------------------------------------------------------------------------------------------


async def test_after_an_erasure_nothing_of_the_member_is_left(world: World) -> None:
    song = await world.song("Slow harbour blues", title="Harbour")
    bobs = await world.song("Bob's own", by=world.bob)
    await world.alice.slash(world.channel, "continue", song=str(song.id), prompt="More of it")
    await world.until(State.COMPLETED, 3, step_s=16)
    await world.turn()
    waiting = await world.asked("Not yet sent")
    await world.app.service.preferring.change(world.alice.id, PreferenceChanges(tags="my own styles"))
    await world.alice.click(world.card(song), label="Again")
    servers = world.app.stores.servers
    deed = Deed(act=Act.CANCEL, guild_id=world.guild.id, actor_id=world.mo.id, subject_id=world.alice.id)
    await servers.unblock(world.guild.id, world.alice.id, deed)
    before = {task.id: shown_by(world, task) for task in (song, waiting)}
    assert all(before.values())

    answer = await want_erased(world)
    assert "I am erasing it" in text_of(answer.response or answer.message)
    await until_erased(world)

    assert not any(shown_by(world, task) for task in (song, waiting))
    left = dump(world)
    for trace in ("Slow harbour", "Harbour", "More of it", "Not yet sent", "my own styles", str(world.alice.id)):
        assert trace not in left
    assert (await world.task(waiting.id)).state is State.CANCELLED
    gone = await world.task(song.id)
    assert (gone.user_id, gone.state, gone.provider_task_id) == (NOBODY, State.COMPLETED, song.provider_task_id)
    assert not [one.name for one in (world.folder / "media").iterdir() if one.name.startswith(f"{song.id}-")]
    assert "Bob''s own" in left
    assert shown_by(world, bobs)
    assert [text_of(message).strip() for message in world.dms()] == [
        "Everything of yours is erased, as you asked. What is kept now was asked for later."
    ]
    assert "not asked for anything yet" in private(await world.alice.slash(world.channel, "songs"))
    assert (await exported(world))["tasks"] == []


async def test_it_survives_a_restart_at_every_step(world: World) -> None:
    song = await world.song()
    await want_erased(world)

    for _ in range(12):
        await world.restart()
        if await is_erased(world):
            break
        await world.turn()

    assert await is_erased(world)
    assert not shown_by(world, song)
    assert (await world.task(song.id)).user_id == NOBODY
    assert len(world.dms()) == 1


async def test_what_is_being_made_is_waited_for_and_its_end_is_told_by_then(world: World) -> None:
    task = await world.asked()
    await world.turn()
    assert (await world.task()).state is State.RUNNING
    await want_erased(world)
    await world.turn()

    shown = text_of(await panel(world))
    assert "1 wish is left" in shown
    assert (await world.task()).prompt == "Slow harbour blues"

    await until_erased(world)
    assert (await world.task(task.id)).user_id == NOBODY
    assert not shown_by(world, task)


async def test_what_is_unclear_waits_for_its_member(world: World) -> None:
    task = await world.uncertain()
    await want_erased(world)
    for _ in range(3):
        await world.advance(10)
    assert not await is_erased(world)

    await world.alice.click(world.card(await world.task()), label="Drop")

    await until_erased(world)
    assert (await world.task(task.id)).user_id == NOBODY


async def test_what_stays_unclear_is_dropped_after_three_days(world: World) -> None:
    await world.uncertain()
    await want_erased(world)
    await world.advance(3 * DAY_S - 100)
    assert (await world.task()).state is State.UNCERTAIN

    await world.advance(200)

    await until_erased(world)
    assert (await world.task()).state is State.CANCELLED


async def test_what_is_asked_for_meanwhile_is_kept(world: World) -> None:
    await world.uncertain()
    await want_erased(world)
    await world.env.advance_time(1)
    later = await world.song("A new beginning")

    assert "A new beginning" in text_of(world.card(later))
    await world.alice.click(world.card(await world.task(1)), label="Drop")
    await until_erased(world)

    assert (await world.task(later.id)).user_id == world.alice.id
    assert shown_by(world, later)
    assert [one["prompt"] for one in (await exported(world))["tasks"]] == ["A new beginning"]


async def test_erasing_is_no_way_around_a_block(world: World) -> None:
    servers = world.app.stores.servers
    block = Block(guild_id=world.guild.id, user_id=world.alice.id, reason="spam")
    await servers.block(block, Deed(act=Act.BLOCK, guild_id=world.guild.id, actor_id=world.mo.id))

    await want_erased(world)
    await until_erased(world)

    answer = await world.alice.slash(world.channel, "song", prompt="again")
    assert "blocked you" in private(answer)


async def test_whoever_takes_no_direct_messages_is_erased_all_the_same(world: World) -> None:
    song = await world.song()
    await want_erased(world)
    world.env.inject_error("POST", "/channels/*/messages", status=403, code=50007, times=None)

    await until_erased(world)

    assert (await world.task(song.id)).user_id == NOBODY


async def test_audio_that_arrives_during_the_erasure_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = await world.asked(title="Harbour")
    result = Result(title="Harbour", tracks=(Track(audio_url="https://media.example.net/a.mp3"),))
    await world.write(task.id, state=State.COMPLETED, result=result, media_wanted=True)
    wanted = await world.task(task.id)
    await want_erased(world)
    monkeypatch.setattr(Fetcher, "find", _nothing)
    await until_erased(world)

    with pytest.raises(StaleTaskError):
        await world.app.engine.fetcher.handle(wanted)

    assert "Harbour" not in dump(world)


async def _nothing(*_: object) -> list[MusicTask]:
    return []


async def test_a_question_of_long_ago_is_put_anew_and_erases_nothing(world: World) -> None:
    question = await world.alice.click(await panel(world), label="Erase")
    await world.song("Later")
    await world.advance(3 * DAY_S)

    answer = await world.alice.click(question.response.message, label="Yes, erase everything")

    assert "Nothing brings it back" in text_of(answer.response)
    assert await is_erased(world), "no erasure has begun"
    await world.alice.click(answer.response.message, label="Yes, erase everything")
    assert not await is_erased(world)


async def test_a_question_in_public_goes_with_its_member(world: World) -> None:
    await world.song("Harbour")
    await world.alice.send(world.channel, "from 0:05, quieter bridge", reply_to=world.pings()[0])
    question = world.channel.last_message
    assert "quieter bridge" in text_of(question)

    await want_erased(world)
    for _ in range(3):
        await world.advance(30)
    await until_erased(world)

    assert question.id not in [message.id for message in world.channel.history()]
    assert "quieter bridge" not in dump(world)


async def test_what_moderators_told_directly_goes_too(world: World) -> None:
    await world.uncertain()
    card = world.card(await world.task())
    panel = (await world.mo.context_menu(world.channel, "Moderate", card)).response
    await world.mo.click(panel, label="Drop")
    await world.mo.click(panel, label="Yes, drop it")
    told = [one for one in world.dms() if "have dropped your" in one.content]
    assert len(told) == 1

    await want_erased(world)
    await until_erased(world)

    assert told[0].id not in [one.id for one in world.dms()]


# --- what is too old -------------------------------------------------------------------------------------------------


async def test_old_texts_go_and_the_cards_stay_as_they_are(world: World) -> None:
    song = await world.song("Slow harbour blues", title="Harbour")
    await set_rules(world, world.guild.id, keep_days=30)
    before = text_of(world.card(song))
    await world.advance(29 * DAY_S)
    assert (await world.task()).prompt == "Slow harbour blues"
    young = await world.song("Still young")

    for file in (world.folder / "media").iterdir():
        os.utime(file, (world.clock().timestamp(),) * 2)
    await world.advance(1.1 * DAY_S)
    await world.advance(3700)

    old = await world.task(song.id)
    assert (old.prompt, old.title, old.result, old.user_id) == ("", None, None, world.alice.id)
    assert old.aged_out
    assert text_of(world.card(song)) == before
    assert len(shown_by(world, song)) == 2
    assert not [one.name for one in (world.folder / "media").iterdir() if one.name.startswith(f"{song.id}-")]
    assert (await world.task(young.id)).prompt == "Still young"
    listed = text_of((await world.alice.slash(world.channel, "songs")).response)
    assert "Still Young" in listed
    assert "Harbour" not in listed


@pytest.mark.parametrize("label", ["Again", "Edit & again", "More", "Continue"])
async def test_buttons_of_old_cards_say_that_it_is_no_longer_kept(world: World, label: str) -> None:
    song = await world.song()
    await set_rules(world, world.guild.id, keep_days=1)
    await world.advance(2 * DAY_S)

    answer = await world.alice.click(world.card(song), label=label)

    assert "no longer kept" in private(answer)


async def test_a_reply_to_an_old_ping_hears_it_too(world: World) -> None:
    await world.song()
    await set_rules(world, world.guild.id, keep_days=1)
    await world.advance(2 * DAY_S)
    (ping,) = world.pings()

    await world.alice.send(world.channel, "from 1:05, quieter", reply_to=ping)

    newest = max(world.channel.history(), key=lambda message: message.id)
    assert "no longer kept" in text_of(newest)


async def test_a_late_child_leaves_the_card_of_its_old_parent_alone(world: World) -> None:
    song = await world.song()
    await set_rules(world, world.guild.id, keep_days=1)
    await world.alice.slash(world.channel, "continue", song="1", prompt="Second part")
    before = text_of(world.card(song))
    long_ago = world.clock().replace(year=2025)
    await world.write(song.id, created_at=long_ago, state_at=long_ago)
    await world.advance(61)
    assert (await world.task(song.id)).aged_out

    await world.until(State.COMPLETED, 2, step_s=16)
    await world.turn()

    assert text_of(world.card(song)) == before


async def test_old_cards_are_removed_if_their_member_is_erased(world: World) -> None:
    song = await world.song()
    await world.app.stores.tasks.remember_message(
        song, message_id=77, channel_id=world.channel.id, role=Role.REPLACEMENT
    )
    await set_rules(world, world.guild.id, keep_days=1)
    await world.advance(2 * DAY_S)
    assert (await world.task()).aged_out

    await want_erased(world)
    await until_erased(world)

    assert not shown_by(world, song)
    assert (await world.task()).user_id == NOBODY
