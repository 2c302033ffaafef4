"""The bot comes back as a newer version, on the database of revision 0003: what people see and press goes on."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import discord
import pytest
from simcord.backend.models import AllowedMentions, Message
from simcord.results import to_discord_message

from bot.domain.drafts import DRAFT_LIFE
from bot.domain.privacy import NOBODY
from bot.domain.refusals import Reason
from bot.domain.tasks import MusicTask, State, TaskId
from bot.domain.usage import Period, Usage, span_of
from bot.ui import texts
from bot.ui.media.chart import draw_usage
from sandbox.ledger import Task
from tests.behaviour.conftest import TURNS_MAX, World, control, files_of, fill, labels, private, text_of
from tests.behaviour.test_moderating import done, panel
from tests.behaviour.test_privacy import exported
from tests.behaviour.test_queue import audit, queue
from tests.fakes.old_bot import MEDIA_BASE, TASKS, Old, around, moment_of, write_database
from tests.fakes.standin_api import tune

OLD = around()
CREATES = len(OLD["creates"])
"""What was sent to the provider by the old bot: more is new."""
SILENT = AllowedMentions(everyone=False, users=frozenset(), roles=frozenset(), replied_user=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Who and what is there beside the usual people and channels, and the old messages as they are by now."""

    world: World
    ada: Any
    eve: Any
    den: Any
    dms: Mapping[str, Any]

    def message(self, message_id: int | None) -> discord.Message | None:
        """An old message, or a new one, as it stands in Discord now; None if it is gone."""
        for found in self.world.env.backend.messages.values():
            if message_id in found:
                return to_discord_message(self.world.env, found[message_id])
        return None

    def there(self, message_id: int | None) -> discord.Message:
        """The same, where it must be there."""
        found = self.message(message_id)
        assert found is not None, f"no message {message_id}"
        return found

    def question(self, words: str) -> discord.Message:
        """The old message that has these words; private ones are among them."""
        (found,) = [one["id"] for one in OLD["messages"] if words in json.dumps(one)]
        return self.there(found)

    async def card(self, task_id: TaskId) -> discord.Message:
        return self.there((await self.world.task(task_id)).message_id)


@pytest.fixture(autouse=True)
async def places(world: World) -> Places:
    """The old bot was killed and the new one has started, in the same Discord."""
    with world.env.time_context():
        eve = world.guild.add_member(world.env.create_user("Eve"))
        ada = world.guild.add_member(world.env.create_user("Ada"))
        elsewhere = world.env.create_guild(name="Elsewhere", owner=world.mo.user)
        den = elsewhere.create_text_channel("den")
        elsewhere.add_member(world.bob.user)
        people = {"Alice": world.alice, "Bob": world.bob, "Mo": world.mo, "Eve": eve, "Ada": ada}
        dms = {name: one.user.dm_channel for name, one in people.items()}
        news = {
            "guilds": {"Studio": world.guild.id, "Elsewhere": elsewhere.id},
            "channels": {"songs": world.channel.id, "lounge": world.other_channel.id, "den": den.id}
            | {f"dm of {name}": channel.id for name, channel in dms.items()},
            "users": {name: one.id for name, one in people.items()} | {"the bot": world.env.backend.bot_user.id},
        }
        swaps = {str(OLD[kind][name]): str(new) for kind, ids in news.items() for name, new in ids.items()}
        await world.env.advance_time((moment_of(OLD) - world.clock()).total_seconds())
        await take_over(world, swaps | {MEDIA_BASE: world.standin.media_base})
    return Places(world=world, ada=ada, eve=eve, den=den, dms=dms)


async def take_over(world: World, swaps: Mapping[str, str]) -> None:
    """Put everything there that the old bot has left behind, and start the new one on it."""
    await world._app_stack.aclose()
    world._app_stack = AsyncExitStack()
    write_database(world.folder / "encore.db", swaps)
    old = around(swaps)
    for create in old["creates"]:
        world.standin._ledger.keep(Task(**create))
    backend = world.env.backend
    for one in old["messages"]:
        backend.commit_message(Message(**one, allowed_mentions=SILENT), broadcast=False)
        backend.reserve_id(one["id"])
    for number in (Old.LAGGING, Old.TOLD_UNNOTED, Old.UNTOLD):  # what the fetcher had fetched
        (world.folder / "media" / f"{number}-1.mp3").write_bytes(tune())
    await world.restart()


async def told(world: World, number: int) -> None:
    """Let time pass until a requester knows of a state: a channel takes one ping at a time, and others may be first."""
    for _ in range(TURNS_MAX):
        if (await world.task(number)).is_told:
            return
        await world.advance(6)
    raise AssertionError(f"nobody is told of task {number}")


def rows(world: World, query: str) -> list[tuple[Any, ...]]:
    """What the database holds, behind the program's back."""
    with closing(sqlite3.connect(world.folder / "encore.db")) as connection:
        return connection.execute(query).fetchall()


def pings_for(channel: Any, task: MusicTask) -> list[discord.Message]:
    """The messages that tell of a task with a reply to its card."""
    replies = [one for one in channel.history() if one.reference and one.reference.message_id == task.message_id]
    return [one for one in replies if one.author.bot and one.content.startswith(f"<@{task.user_id}> ")]


def told_directly(channel: Any, task: MusicTask) -> list[discord.Message]:
    """The messages that tell of a task with a link to its card."""
    links = [one for one in channel.history() if f"/{task.message_id}" in one.content]
    return [one for one in links if one.content.startswith(f"<@{task.user_id}> ")]


def sent(world: World, prompt: str) -> list[dict[str, Any]]:
    """What TokenLab was sent with this prompt, by the old bot and by the new one."""
    return [create.body for create in world.standin.creates if create.body["prompt"] == prompt]


async def newest(world: World) -> MusicTask:
    """The first task of the new bot."""
    return await world.task(TASKS[-1] + 1)


# --- what waits, what is being made ----------------------------------------------------------------------------------


async def test_an_old_card_in_line_is_cancelled_by_its_button(world: World, places: Places) -> None:
    card = await places.card(Old.QUEUED)
    assert labels(card) == ["Cancel"]

    answer = await world.alice.click(card, label="Cancel")
    await world.until(State.CANCELLED, Old.QUEUED, step_s=2)

    assert "It cost nothing" in private(answer)
    assert "Cancelled before it was sent" in text_of(await places.card(Old.QUEUED))
    assert sent(world, "Waits in line") == []


async def test_what_waited_in_line_is_sent_and_shown_on_its_old_card(world: World, places: Places) -> None:
    task = await world.until(State.COMPLETED, Old.QUEUED, step_s=16)
    await world.turn()

    card = await places.card(Old.QUEUED)
    assert "Finished" in text_of(card)
    assert files_of(card) == ["Patience.mp3"]
    assert len(pings_for(world.channel, task)) == 1


async def test_what_the_provider_asked_to_wait_waits_so_long(world: World, places: Places) -> None:
    await world.advance(600)
    assert (await world.task(Old.ASKED_TO_WAIT)).state is State.QUEUED
    await world.advance(400)

    await world.until(State.COMPLETED, Old.ASKED_TO_WAIT, step_s=16)

    assert "Finished" in text_of(await places.card(Old.ASKED_TO_WAIT))


async def test_what_was_being_made_is_finished_on_its_old_card(world: World, places: Places) -> None:
    task = await world.until(State.COMPLETED, Old.RUNNING, step_s=12)
    await told(world, Old.RUNNING)

    assert files_of(await places.card(Old.RUNNING)) == ["Under Way.mp3"]
    assert len(pings_for(world.channel, task)) == 1
    assert len(sent(world, "Being made just now")) == 1


async def test_what_was_overdue_is_still_looked_at(world: World, places: Places) -> None:
    provider_task_id = (await world.task(Old.EXPIRED)).provider_task_id
    assert provider_task_id is not None
    world.standin.finish(provider_task_id)

    await world.advance(310)
    await world.until(State.COMPLETED, Old.EXPIRED, step_s=16)

    assert "Finished" in text_of(await places.card(Old.EXPIRED))


async def test_what_was_being_sent_is_unclear_and_not_sent_again(world: World, places: Places) -> None:
    assert (await world.task(Old.SUBMITTING)).state is State.UNCERTAIN
    await told(world, Old.SUBMITTING)

    assert labels(await places.card(Old.SUBMITTING)) == ["Try again", "Drop"]
    assert sent(world, "Sent as the lights went out") == []
    assert "it is unclear what became of **Sent as the lights went out**" in places.dms["Bob"].last_message.content
    asked = rows(world, f"SELECT number, outcome FROM attempts WHERE task_id = {Old.SUBMITTING}")  # noqa: S608 -- a number
    assert asked == [(1, "unknown")]


async def test_an_old_card_that_was_not_noted_is_found_and_one_that_never_was_is_not(
    world: World, places: Places
) -> None:
    await world.advance(31)
    await world.until(State.COMPLETED, Old.SHOWN_UNNOTED, step_s=16)

    assert "Finished" in text_of(await places.card(Old.SHOWN_UNNOTED))
    assert (await world.task(Old.NEVER_SHOWN)).state is State.ABANDONED
    assert sent(world, "Never reached Discord") == []


async def test_a_press_proves_an_old_card_that_was_not_noted(world: World, places: Places) -> None:
    card = places.question('"encore:cancel:33"')

    assert "It cost nothing" in private(await world.bob.click(card, label="Cancel"))
    assert (await world.until(State.CANCELLED, Old.SHOWN_UNNOTED, step_s=2)).message_id == card.id


async def test_what_a_paused_server_held_is_held_until_it_is_open_again(world: World, places: Places) -> None:
    boss = places.den.guild.add_member(world.mo.user)
    await world.advance(60)
    assert (await world.task(Old.HELD)).state is State.QUEUED
    shown = (await boss.slash(places.den, "queue")).response
    assert "Back on Monday" in text_of(shown)

    doors = (await boss.click(shown, label="Pause & blocks")).response
    await fill(boss, await boss.click(doors, label="Take wishes again"))
    await world.until(State.COMPLETED, Old.HELD, step_s=16)

    assert "Fertig" in text_of(await places.card(Old.HELD))


# --- what is unclear -------------------------------------------------------------------------------------------------


async def test_an_old_unclear_song_is_sent_once_more_after_a_second_press(world: World, places: Places) -> None:
    card = await places.card(Old.UNCERTAIN)
    assert labels(card) == ["Try again", "Drop"]

    question = await world.alice.click(card, label="Try again")
    assert "may cost a second time" in private(question)
    await world.alice.click(question.response, label="Yes, send it again")
    task = await world.until(State.COMPLETED, Old.UNCERTAIN, step_s=16)
    await world.turn()

    assert len(sent(world, "Did it get there?")) == 2
    assert (task.attempt, task.unclear_attempts) == (2, 1)
    assert ["unclear" in ping.content for ping in pings_for(world.channel, task)] == [True, False]
    assert files_of(await places.card(Old.UNCERTAIN)) != []


async def test_an_old_unclear_song_is_dropped_by_its_member(world: World, places: Places) -> None:
    await world.alice.click(await places.card(Old.UNCERTAIN), label="Drop")
    await world.until(State.CANCELLED, Old.UNCERTAIN, step_s=2)

    assert "If TokenLab did take it" in text_of(await places.card(Old.UNCERTAIN))


async def test_an_old_unclear_song_is_dropped_by_a_moderator_from_the_queue(world: World) -> None:
    assert await done(world.mo, await panel(world, world.mo, Old.UNCERTAIN_TWICE), "Drop", "Yes, drop it") == "Dropped."

    await world.until(State.CANCELLED, Old.UNCERTAIN_TWICE, step_s=2)
    lines = text_of(await audit(world))
    assert f"<@{world.mo.id}> · **dropped** · `#{Old.UNCERTAIN_TWICE}` · <@{world.bob.id}>" in lines


# --- what was still to be shown, told or taken away ------------------------------------------------------------------


async def test_an_old_card_that_lagged_behind_is_edited_and_told_once(world: World, places: Places) -> None:
    assert "Finished" not in text_of(await places.card(Old.LAGGING))

    await world.advance(300)
    for _ in range(3):
        await world.advance(60)

    card = await places.card(Old.LAGGING)
    assert "Finished" in text_of(card)
    assert files_of(card) == ["Lagging.mp3"]
    assert len(pings_for(world.channel, await world.task(Old.LAGGING))) == 1


async def test_an_old_song_that_nobody_was_told_of_is_told_once(world: World) -> None:
    for _ in range(4):
        await world.advance(60)

    (ping,) = pings_for(world.channel, await world.task(Old.UNTOLD))
    assert "**Untold** is ready" in ping.content


async def test_an_old_ping_that_was_not_noted_is_found_and_not_repeated(world: World) -> None:
    await world.advance(1)
    await world.advance(60)

    task = await world.task(Old.TOLD_UNNOTED)
    (ping,) = pings_for(world.channel, task)
    found = rows(world, f"SELECT task_id FROM task_messages WHERE message_id = {ping.id} AND role = 'ping'")  # noqa: S608 -- a number
    assert found == [(Old.TOLD_UNNOTED,)]


async def test_what_was_told_is_not_told_again(world: World, places: Places) -> None:
    for _ in range(3):
        await world.advance(60)

    for number in (Old.FINISHED, Old.AGAIN, Old.CONTINUATION, Old.LYRICS, Old.SUNG, Old.UNCERTAIN, Old.AUDIO_WANTED):
        assert len(pings_for(world.channel, await world.task(number))) == 1
    for number, times in ((Old.FAILED, 1), (Old.UNCERTAIN_TWICE, 2), (Old.TWO_TAKES, 2)):
        assert len(told_directly(places.dms["Bob"], await world.task(number))) == times


async def test_audio_that_was_still_to_come_is_attached_to_the_old_card(world: World, places: Places) -> None:
    assert files_of(await places.card(Old.AUDIO_WANTED)) == []

    await world.advance(600)
    await world.until(State.COMPLETED, Old.AUDIO_WANTED)

    assert files_of(await places.card(Old.AUDIO_WANTED)) == ["Later.mp3"]
    assert len(pings_for(world.channel, await world.task(Old.AUDIO_WANTED))) == 1


async def test_what_was_deleted_goes_from_discord(world: World, places: Places) -> None:
    query = f"SELECT message_id FROM task_messages WHERE task_id = {Old.DELETING}"  # noqa: S608 -- a number
    ids = [message_id for (message_id,) in rows(world, query)]
    assert len(ids) == 2
    assert all(places.message(message_id) for message_id in ids)

    await world.advance(2)

    assert [places.message(message_id) for message_id in ids] == [None, None]
    assert rows(world, query) == []


async def test_an_old_erasure_goes_on_to_its_end(world: World, places: Places) -> None:
    shown = await places.ada.slash(world.channel, "privacy")
    assert "Erasing" in private(shown)
    numbers = (Old.ADAS_EMPTIED, Old.ADAS_RUNNING, Old.ADAS_CANCELLED)
    cards = [(await world.task(number)).message_id for number in numbers]
    assert all(map(places.message, cards))

    for _ in range(20):
        await world.advance(6)

    assert [places.message(message_id) for message_id in cards] == [None] * 3
    assert [(await world.task(number)).user_id for number in numbers] == [NOBODY] * 3
    assert rows(world, "SELECT * FROM erasures") == []
    assert "is erased" in places.dms["Ada"].last_message.content
    assert "Erasing" not in private(await places.ada.slash(world.channel, "privacy"))


# --- finished cards --------------------------------------------------------------------------------------------------


async def test_again_on_an_old_card_makes_the_same_song_once_more(world: World, places: Places) -> None:
    question = await world.alice.click(await places.card(Old.FINISHED), label="Again")
    assert len(world.standin.creates) == CREATES
    answer = await world.alice.click(question.response, label="Start")
    task = await newest(world)
    await world.until(State.COMPLETED, task.id, step_s=16)

    assert task.message_id == answer.response.id
    first, second, third = sent(world, "Slow harbour blues")
    assert first == second == third


async def test_an_old_song_is_continued_by_its_button(world: World, places: Places) -> None:
    form = await world.alice.click(await places.card(Old.FINISHED), label="Continue")
    await fill(world.alice, form, prompt="a bridge", at="0:07")
    task = await world.until(State.COMPLETED, (await newest(world)).id, step_s=16)
    await world.advance(2)

    assert (task.parent_id, task.continue_at_s) == (Old.FINISHED, 7)
    (body,) = sent(world, "a bridge")
    assert "clip_5e1fcdebdb9a4b6d_1" in body.values()
    assert str(task.message_id) in text_of(await places.card(Old.FINISHED)), "the old card leads to the new song"


async def test_the_button_of_an_old_card_with_two_takes_asks_which(world: World, places: Places) -> None:
    form = await world.bob.click(await places.card(Old.TWO_TAKES), label="Continue")
    options = form.modal["components"][0]["component"]["options"]
    assert [one["label"] for one in options] == ["Take 1 · 0:14", "Take 2 · 0:14"]

    await fill(world.bob, form, take=["2"], prompt="a bridge")
    await world.advance(2)

    (body,) = sent(world, "a bridge")
    assert body["continue_clip_id"] == "clip_412ff2f6322cb18a_2"


async def test_an_old_song_is_continued_by_a_reply_to_its_old_ping(world: World) -> None:
    (ping,) = pings_for(world.channel, await world.task(Old.FINISHED))

    await world.bob.send(world.channel, "from 0:05, with a choir", reply_to=ping)
    question = world.channel.last_message
    await world.bob.click(question, label="Start")
    task = await world.until(State.COMPLETED, (await newest(world)).id, step_s=16)

    assert (task.parent_id, task.prompt, task.message_id) == (Old.FINISHED, "with a choir", question.id)


async def test_a_song_that_was_closed_to_others_is_closed(world: World, places: Places) -> None:
    answer = await world.bob.click(await places.card(Old.AGAIN), label="Continue")

    assert answer.modal is None
    assert private(answer) == texts.REFUSAL[Reason.NOT_OPEN]


async def test_old_lyrics_are_read_changed_taken_back_and_sung(world: World, places: Places) -> None:
    card = await places.card(Old.LYRICS)
    parts = await world.alice.click(card, label="Edit")
    form = await world.alice.click(parts.response, label="2 · Chorus")
    await fill(world.alice, form, text0="[Chorus]\nOh harbour light")
    await world.turn()
    assert "Oh harbour light" in text_of(await places.card(Old.LYRICS))
    assert "Changed by hand" in text_of(await places.card(Old.LYRICS))

    shown = await world.alice.click(parts.response, label="Earlier versions")
    assert "Sun on the sea" in private(shown)
    form = await world.alice.click(await places.card(Old.LYRICS), label="Make it a song")
    await fill(world.alice, form, title="Light", instrumental=["0"])
    task = await world.until(State.COMPLETED, (await newest(world)).id, step_s=16)

    assert (task.parent_id, task.title) == (Old.LYRICS, "Light")
    assert len(sent(world, "[Verse 1]\nSun on the tin\n\n[Chorus]\nOh harbour light\n\n[Verse 2]\nSun on the sea")) == 1


async def test_an_old_private_answer_goes_on(world: World, places: Places) -> None:
    desk = places.question("Changed; the card shows it.")
    form = await world.alice.click(desk, label="1 · Verse 1")
    await fill(world.alice, form, text0="[Verse 1]\nSnow on the tin")
    await world.turn()
    assert "Snow on the tin" in text_of(await places.card(Old.LYRICS))

    board = places.question('"title": "Queue of this server"')
    shown = await world.mo.click(board, label="Refresh")
    assert "Sent as the lights went out" in text_of(shown.response)


async def test_an_old_song_is_deleted_with_its_old_messages(world: World, places: Places) -> None:
    task = await world.task(Old.FINISHED)
    (ping,) = pings_for(world.channel, task)

    more = await world.alice.click(await places.card(Old.FINISHED), label="More")
    question = await world.alice.click(more.response, label="Delete")
    await world.alice.click(question.response, label="Yes, delete it")
    for _ in range(3):
        await world.advance(2)

    assert [places.message(one) for one in (task.message_id, ping.id)] == [None, None]
    assert (await world.task(Old.FINISHED)).prompt == ""
    assert (await world.task(Old.CONTINUATION)).prompt == "quieter bridge"


async def test_a_card_whose_words_are_gone_says_so(world: World, places: Places) -> None:
    answer = await world.alice.click(await places.card(Old.AGED_OUT), label="Again")

    assert private(answer).startswith("This is no longer kept")


async def test_a_song_that_came_directly_goes_on_there(world: World, places: Places) -> None:
    (message_id,) = rows(
        world,
        f"SELECT message_id FROM task_messages WHERE task_id = {Old.CARD_DELETED} AND role = 'replacement'",  # noqa: S608 -- a number
    )[0]

    for message in (places.there(message_id), await places.card(Old.DIRECT)):
        question = await world.alice.user.click(message, label="Again")
        assert "costs like any other" in private(question)


# --- drafts ----------------------------------------------------------------------------------------------------------


async def test_an_old_question_becomes_the_card_of_the_song(world: World, places: Places) -> None:
    question = places.question("> a softer ending")
    assert labels(question) == ["Start", "Edit", "Cancel"]

    await world.alice.click(question, label="Start")
    task = await world.until(State.COMPLETED, (await newest(world)).id, step_s=16)

    assert task.message_id == question.id
    assert (task.parent_id, task.prompt, task.continue_at_s) == (Old.FINISHED, "a softer ending", 10)
    assert "Finished" in text_of(places.there(question.id))


async def test_an_old_question_is_worded_differently_and_dropped(world: World, places: Places) -> None:
    question = places.question("> a softer ending")

    form = await world.alice.click(question, label="Edit")
    await fill(world.alice, form, prompt="a louder ending", at="")
    assert "a louder ending" in text_of(places.there(question.id))
    await world.alice.click(places.there(question.id), label="Cancel")

    assert places.there(question.id).content == "Nothing was started."
    assert len(world.standin.creates) == CREATES


async def test_an_old_private_question_starts_its_song_once(world: World, places: Places) -> None:
    question = places.question("Make it once more?")

    answer = await world.alice.click(question, label="Start")
    task = await world.until(State.COMPLETED, (await newest(world)).id, step_s=16)

    assert (task.title, task.message_id) == ("Lantern", answer.response.id)
    assert [create.body.get("title") for create in world.standin.creates].count("Lantern") == 2


async def test_old_questions_go_after_an_hour(world: World, places: Places) -> None:
    over, fresh = places.question("> louder, please"), places.question("> a softer ending")

    await world.advance(61)
    assert (places.message(over.id), places.message(fresh.id) is None) == (None, False)
    await world.advance(DRAFT_LIFE.total_seconds())

    assert places.message(fresh.id) is None
    assert rows(world, "SELECT id FROM drafts") == []


# --- what belongs to the server --------------------------------------------------------------------------------------


def boards(channel: Any) -> list[discord.Message]:
    return [one for one in channel.history() if one.embeds and one.embeds[0].title == "Live board"]


async def test_a_young_old_board_is_edited(world: World) -> None:
    (before,) = boards(world.channel)

    await world.advance(20)

    (after,) = boards(world.channel)
    assert after.id == before.id
    assert text_of(after) != text_of(before)


async def test_an_aged_old_board_is_replaced_and_what_was_left_over_goes(world: World) -> None:
    before = [one.id for one in boards(world.other_channel)]
    assert len(before) == 2

    await world.advance(20)
    await world.advance(20)

    (after,) = boards(world.other_channel)
    assert after.id not in before
    assert "Wishes are taken" in text_of(after)


async def test_an_old_board_is_taken_down_by_its_button(world: World) -> None:
    (before,) = boards(world.channel)

    await world.mo.click(before, label="Take down")
    await world.advance(20)

    assert boards(world.channel) == []


async def test_a_warning_that_was_due_is_told_once(world: World) -> None:
    for _ in range(3):
        await world.advance(20)

    warned = [one.content for one in world.other_channel.history() if "budget is used" in one.content]
    assert len(warned) == 1
    assert "24 of 28 songs" in warned[0]


async def test_the_queue_and_the_audit_show_what_was_before(world: World) -> None:
    shown = text_of(await queue(world))
    for number in (Old.QUEUED, Old.ASKED_TO_WAIT, Old.UNCERTAIN, Old.UNCERTAIN_TWICE, Old.EXPIRED, Old.RUNNING):
        assert f"`#{number}`" in shown

    told = text_of(await audit(world))
    for line in (
        f"<@{world.mo.id}> · **sent once more** · `#{Old.UNCERTAIN_TWICE}` · <@{world.bob.id}>",
        f"<@{world.mo.id}> · **dropped** · `#{Old.DROPPED}` · <@{world.bob.id}>",
        "A moment of rest",
    ):
        assert line in told
    older = text_of((await world.mo.click(await audit(world), label="Older")).response)
    assert f"<@{world.mo.id}> · **cancelled** · `#{Old.ERASED_CANCELLED}` · somebody erased" in older


async def test_the_rules_hold(world: World, places: Places) -> None:
    assert "word" in private(await world.alice.slash(world.channel, "song", prompt="A rude song"))
    assert "blocked you" in private(await places.eve.slash(world.channel, "song", prompt="Let me in"))
    for number in range(4):
        await world.asked(f"One more {number}")

    refused = private(await world.alice.slash(world.channel, "song", prompt="One too many"))
    assert refused.startswith("The budget here for this month"), "28 songs a month, and there were 24"


async def test_what_was_chosen_holds(world: World) -> None:
    task = await world.asked("As I like it", by=world.mo)

    assert (task.version, task.instrumental) == ("chirp-v5", True)
    assert "not at all; the card shows it" in private(await world.mo.slash(world.channel, "preferences"))


async def test_old_songs_are_listed_and_opened(world: World) -> None:
    shown = (await world.alice.slash(world.channel, "songs")).response

    listed = text_of(shown)
    for number in (Old.QUEUED, Old.UNTOLD, Old.RUNNING, Old.LAGGING):
        assert f"`#{number}`" in listed
    found = (await world.alice.slash(world.channel, "songs", search="slow harbour")).response
    assert [f"`#{number}`" in text_of(found) for number in (Old.FINISHED, Old.AGAIN, Old.QUEUED)] == [True, True, False]
    opened = await world.alice.select(found, [str(Old.FINISHED)], custom_id=control(found, "open_song"))
    assert "Finished" in text_of(opened.response)
    assert "The file is in an earlier message of mine" in text_of(opened.response)


async def test_what_old_songs_have_cost_is_added_up(world: World) -> None:
    span = span_of(Period.THIS_MONTH, world.clock())
    await draw_usage(Usage(span=span, rows=(), members=()))  # loaded before an answer waits for it

    for who, total in ((world.alice, "**16** · $1.235 + up to $1.50"), (world.bob, "**9** · $0.27 + up to $2.00")):
        assert total in text_of((await who.slash(world.channel, "usage")).response)


async def test_an_export_holds_what_was_before(world: World) -> None:
    kept = await exported(world)

    assert [one["id"] for one in kept["tasks"]] == [1, 4, 5, 6, 7, 8, 12, 14, 15, 16, 18, 19, 23, 24, 26, 27, 29, 31]
    assert len(kept["drafts"]) == 2


# --- all of it together ----------------------------------------------------------------------------------------------


async def test_a_day_later_everything_has_come_to_its_end_and_nothing_was_paid_twice(
    world: World, places: Places
) -> None:
    for _ in range(8):
        await world.advance(20)
    for _ in range(30):
        await world.advance(timedelta(hours=1).total_seconds())
    await world.turn()

    states = {number: (await world.task(number)).state for number in TASKS}
    unclear = {Old.UNCERTAIN, Old.UNCERTAIN_TWICE, Old.SUBMITTING}
    assert {number for number, state in states.items() if state is State.UNCERTAIN} == unclear
    assert states[Old.EXPIRED] is State.FAILED
    assert {number for number, state in states.items() if state in {State.QUEUED, State.RUNNING}} == {Old.HELD}
    new = [create.body["prompt"] for create in world.standin.creates[CREATES:]]
    assert sorted(new) == ["Asked to wait", "Shown and not noted", "Waits in line"]
    lagging = rows(world, "SELECT id FROM music_tasks WHERE revision > shown_revision AND state <> 'abandoned'")
    assert lagging == []
