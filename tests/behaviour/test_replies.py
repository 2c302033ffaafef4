"""Members answer a card or a ready ping in free text: what is understood, what is refused, who may decide."""

from datetime import timedelta

import pytest
from discord.webhook.async_ import AsyncWebhookAdapter

from bot.domain.audit import Act, Deed
from bot.domain.blocks import Block
from bot.domain.rules import EVERYWHERE, Intake, RuleChanges
from bot.domain.tasks import MusicTask, State
from tests.behaviour.conftest import Seen, World, fill, labels, private, text_of

SECRET = "sing sk-proj-abcdefghij0123456789abcdefghij0123456789"


async def shut(world: World, why: str) -> None:
    """From now on Alice may not ask, or not for what is rude."""
    servers, guild_id = world.app.stores.servers, world.guild.id
    match why:
        case "blocked":
            block = Block(guild_id=guild_id, user_id=world.alice.id, until=None, reason=None)
            await servers.block(block, Deed(act=Act.BLOCK, guild_id=guild_id, actor_id=world.mo.id))
        case "paused":
            deed = Deed(act=Act.INTAKE, guild_id=guild_id, actor_id=world.mo.id)
            await servers.set_intake(guild_id, Intake.PAUSED, None, deed)
        case _:
            await world.app.service.ruling.change(guild_id, world.mo.id, RuleChanges(words=("rude",)))


async def drafted(world: World, words: str = "from 0:05, quieter bridge") -> MusicTask:
    """Alice has a song and has answered its ping."""
    task = await world.song("Harbour")
    await world.alice.send(world.channel, words, reply_to=world.pings()[0])
    return task


async def test_a_reply_to_the_ready_ping_becomes_a_question_first(world: World) -> None:
    await drafted(world)

    question = world.channel.last_message
    assert labels(question) == ["Start", "Edit", "Cancel"]
    assert "From: 0:05" in text_of(question)
    assert "quieter bridge" in text_of(question)
    assert len(world.standin.creates) == 1


async def test_start_turns_the_question_into_the_card_of_the_new_song(world: World) -> None:
    await drafted(world)
    question = world.channel.last_message

    await world.alice.click(question, label="Start")
    assert labels(world.channel.last_message) == ["Cancel"]
    task = await world.until(State.COMPLETED, 2, step_s=16)

    assert task.message_id == question.id
    assert "Finished" in text_of(world.card(task))
    body = world.standin.creates[1].body
    assert (body["prompt"], body["continue_at"]) == ("quieter bridge", 5)


async def test_ten_clicks_on_start_are_one_song(world: World) -> None:
    await drafted(world)
    seen = Seen(world, world.channel.last_message)

    answers = [await seen.press(world.alice, "encore:start:1") for _ in range(10)]
    await world.until(State.COMPLETED, 2, step_s=16)

    assert all(private(answer).startswith("This was started, dropped, ") for answer in answers[1:])
    assert len(world.standin.creates) == 2


async def test_cancel_forgets_the_question_and_spends_nothing(world: World) -> None:
    await drafted(world)
    question = world.channel.last_message

    await world.alice.click(question, label="Cancel")
    await world.advance(10)

    assert world.channel.last_message.content == "Nothing was started."
    assert labels(world.channel.last_message) == []
    assert len(world.standin.creates) == 1


async def test_what_was_understood_can_be_worded_differently_before_it_starts(world: World) -> None:
    await drafted(world)
    question = world.channel.last_message

    shown = await world.alice.click(question, label="Edit")
    await fill(world.alice, shown, prompt="louder bridge", at="")
    assert "louder bridge" in text_of(world.channel.last_message)
    assert "From: the end" in text_of(world.channel.last_message)
    assert len(world.standin.creates) == 1
    await world.alice.click(question, label="Start")
    await world.until(State.COMPLETED, 2, step_s=16)

    body = world.standin.creates[1].body
    assert body["prompt"] == "louder bridge"
    assert "continue_at" not in body


async def test_the_form_shows_what_was_understood(world: World) -> None:
    await drafted(world)

    shown = await world.alice.click(world.channel.last_message, label="Edit")

    assert [label["component"]["value"] for label in shown.modal["components"]] == ["quieter bridge", "0:05"]


async def test_a_question_says_what_it_costs(world: World) -> None:
    await drafted(world)

    assert "Costs about $0.10 to $0.25." in text_of(world.channel.last_message)


async def test_an_edit_with_a_wrong_time_gives_back_what_was_typed(world: World) -> None:
    await drafted(world)
    before = text_of(world.channel.last_message)
    shown = await world.alice.click(world.channel.last_message, label="Edit")

    answer = await fill(world.alice, shown, prompt="a bridge of many words", at="half past")

    assert "don't understand that time" in private(answer)
    assert await answer.response.attachments[0].read() == b"a bridge of many words"
    assert text_of(_question(world)) == before


async def test_an_edit_that_can_not_be_taken_leaves_the_question_as_it_was(world: World) -> None:
    await drafted(world)
    before = text_of(world.channel.last_message)

    answer = await fill(world.alice, await world.alice.click(world.channel.last_message, label="Edit"), prompt=SECRET)

    assert "looks as if it held a key" in private(answer)
    assert text_of(_question(world)) == before


@pytest.mark.parametrize("who", ["the server", "the operator"])
async def test_a_reply_with_a_word_that_is_kept_out_is_not_quoted(world: World, who: str) -> None:
    guild_id = world.guild.id if who == "the server" else EVERYWHERE
    await world.app.service.ruling.change(guild_id, world.mo.id, RuleChanges(words=("rude",)))

    await drafted(world, "a rüde bridge")

    said = world.channel.last_message
    assert "a word that is in the prompt" in said.content
    assert "de bridge" not in text_of(said)
    assert labels(said) == []


@pytest.mark.parametrize(("why", "told"), [("blocked", "have blocked you"), ("paused", "No new wishes are taken")])
async def test_whoever_may_not_ask_has_nothing_quoted(world: World, why: str, told: str) -> None:
    await world.song("Harbour")
    await shut(world, why)

    await world.alice.send(world.channel, "quieter bridge", reply_to=world.pings()[0])

    said = world.channel.last_message
    assert "quieter bridge" not in text_of(said)
    assert labels(said) == []
    assert told in said.content


@pytest.mark.parametrize("why", ["blocked", "paused", "rude"])
async def test_an_edit_that_may_not_be_asked_for_leaves_the_question_as_it_was(world: World, why: str) -> None:
    await drafted(world)
    before = text_of(world.channel.last_message)
    shown = await world.alice.click(world.channel.last_message, label="Edit")
    await shut(world, why)

    answer = await fill(world.alice, shown, prompt="a rude bridge")

    assert private(answer)
    assert await answer.response.attachments[0].read() == b"a rude bridge"
    assert text_of(_question(world)) == before


@pytest.mark.parametrize("label", ["Start", "Edit", "Cancel"])
async def test_a_stranger_can_not_decide_a_draft(world: World, label: str) -> None:
    await drafted(world)

    answer = await world.bob.click(world.channel.last_message, label=label)

    assert private(answer) == "That is somebody else's."
    assert labels(world.channel.last_message) == ["Start", "Edit", "Cancel"]


async def test_a_draft_is_forgotten_after_an_hour(world: World) -> None:
    await drafted(world)
    question = world.channel.last_message
    seen = Seen(world, question)
    await world.advance(3700)

    assert question.id not in [message.id for message in world.channel.history()], "it holds the member's words"
    assert "older than an hour" in private(await seen.press(world.alice, "encore:start:1"))


async def test_a_draft_that_was_started_stays_as_its_card(world: World) -> None:
    await drafted(world)
    question = world.channel.last_message
    await world.alice.click(question, label="Start")
    await world.advance(3700)

    assert question.id in [message.id for message in world.channel.history()]


@pytest.mark.parametrize(
    "words", ["love it!!", "thanks", "♥", "haha", "こんにちは", "lol same", "das Solo ist der Hammer"]
)
async def test_chatter_gets_no_answer_and_leaves_no_trace(
    world: World, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    await world.song("Harbour")
    before = len(world.requests("POST", "/messages"))

    await world.alice.send(world.channel, words, reply_to=world.pings()[0])
    await world.bob.send(world.channel, words, reply_to=world.pings()[0])

    assert len(world.requests("POST", "/messages")) == before
    assert await world.app.stores.drafts.over(world.clock() + timedelta(days=1), 9) == []
    assert words not in caplog.text


async def test_what_may_be_meant_as_a_description_is_asked_back_for_the_songs_own_member_alone(world: World) -> None:
    await world.song("Harbour")
    before = len(world.requests("POST", "/messages"))

    await world.bob.send(world.channel, "saxophone solo", reply_to=world.pings()[0])
    assert len(world.requests("POST", "/messages")) == before

    await world.alice.send(world.channel, "saxophone solo", reply_to=world.pings()[0])
    assert "> saxophone solo" in text_of(world.channel.last_message)


@pytest.mark.parametrize(
    ("words", "moment", "prompt"),
    [
        ("quieter bridge from 0:05", "0:05", "quieter bridge"),
        ("leiser ab 0:05", "0:05", "leiser"),
        ("desde el 0:05 más suave", "0:05", "más suave"),
        ("サビを静かに 0:05から", "0:05", "サビを静かに"),
    ],
)
async def test_a_time_is_understood_wherever_it_stands(world: World, words: str, moment: str, prompt: str) -> None:
    await drafted(world, words)

    assert f"From: {moment}\n> {prompt}" in text_of(world.channel.last_message)


async def test_half_of_a_song_is_worked_out_from_its_length(world: World) -> None:
    task = await drafted(world, "from the middle, softer")
    length_s = task.length_of(1)
    assert length_s is not None

    await world.alice.click(world.channel.last_message, label="Start")
    await world.turn()

    body = world.standin.creates[1].body
    assert (body["prompt"], body["continue_at"]) == ("softer", pytest.approx(length_s / 2, abs=1))


async def test_several_times_are_asked_about_and_the_one_that_is_pressed_counts(world: World) -> None:
    await drafted(world, "softer from 0:05 or 0:08")
    question = world.channel.last_message
    assert labels(question) == ["0:05", "0:08", "Edit", "Cancel"]
    assert "From where?" in text_of(question)

    await world.restart()
    seen = Seen(world, question)
    assert private(await seen.press(world.bob, "encore:draft_from:1:8000")) == "That is somebody else's."
    await seen.press(world.alice, "encore:draft_from:1:8000")
    question = next(m for m in world.channel.history() if m.id == question.id)
    assert labels(question) == ["Start", "Edit", "Cancel"]
    assert "From: 0:08\n> softer" in text_of(question)
    assert len(world.standin.creates) == 1

    await world.alice.click(question, label="Start")
    await world.turn()
    body = world.standin.creates[1].body
    assert (body["prompt"], body["continue_at"]) == ("softer", 8)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("from 0:03 or from the end", ["0:03", "The end"]),
        ("from 0.05 softer", ["0:05", "0:00.05"]),
        ("at 48:00:00 louder", []),
        ("from 1:75 louder", []),
    ],
)
async def test_a_time_that_is_not_sure_is_asked_about(world: World, words: str, offered: list[str]) -> None:
    await drafted(world, words)

    assert labels(world.channel.last_message) == [*offered, "Edit", "Cancel"]


async def test_a_time_that_could_not_be_told_is_written_by_hand(world: World) -> None:
    await drafted(world, "at 48:00:00 louder")

    await fill(
        world.alice, await world.alice.click(world.channel.last_message, label="Edit"), prompt="louder", at="0:05"
    )

    assert labels(world.channel.last_message) == ["Start", "Edit", "Cancel"]
    assert "From: 0:05\n> louder" in text_of(world.channel.last_message)


async def test_questions_and_refusals_speak_the_language_of_the_servers_rule(world: World) -> None:
    await world.app.service.ruling.change(world.guild.id, world.mo.id, RuleChanges(locale="de"))

    await drafted(world, "leiser ab 0:05")
    question = world.channel.last_message
    assert labels(question) == ["Starten", "Bearbeiten", "Abbrechen"]
    assert "ab 0:" in next(m.content for m in world.channel.history() if "ist fertig" in m.content)

    await fill(world.alice, await world.alice.click(question, label="Bearbeiten"), prompt="lauter", at="")
    assert "Ab: Ende" in text_of(world.channel.last_message)
    await world.alice.click(world.channel.last_message, label="Abbrechen")
    assert world.channel.last_message.content == "Es wurde nichts gestartet."

    await world.alice.send(world.channel, "ab 9:05 leiser", reply_to=world.pings()[0])
    assert "lang" in world.channel.last_message.content


async def test_hidden_words_of_others_get_no_button(world: World) -> None:
    card = world.card(await world.song())
    before = len(world.requests("POST", "/messages"))

    await world.bob.send(world.channel, "softer", reply_to=card)

    assert len(world.requests("POST", "/messages")) == before


async def test_a_reply_to_a_card_whose_words_are_hidden_gets_a_button(world: World) -> None:
    card = world.card(await world.song())

    await world.alice.send(world.channel, "softer", reply_to=card)

    offer = world.channel.last_message
    assert "Use the button" in offer.content
    await fill(world.alice, await world.alice.click(offer, label="Continue"), prompt="softer", at="")
    await world.turn()
    assert world.standin.creates[1].body["prompt"] == "softer"


async def test_words_that_are_hidden_behind_a_reply_to_an_unfinished_song_are_left_alone(world: World) -> None:
    card = world.card(await world.asked())
    before = len(world.requests("POST", "/messages"))

    await world.bob.send(world.channel, "nice idea", reply_to=card)

    assert len(world.requests("POST", "/messages")) == before


async def test_a_reply_to_a_ping_that_a_crash_left_unnoted_is_heard(world: World) -> None:
    await world.song()
    await world.restart("DELETE FROM task_messages WHERE role = 'ping'")

    await world.alice.send(world.channel, "quieter bridge", reply_to=world.pings()[0])

    assert labels(world.channel.last_message) == ["Start", "Edit", "Cancel"]


async def test_replies_between_members_ask_the_database_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    card = world.card(await world.song())
    asked: list[int] = []

    async def task_of_message(message_id: int) -> None:
        asked.append(message_id)

    monkeypatch.setattr(world.app.service.library, "task_of_message", task_of_message)
    said = await world.alice.send(world.channel, "what a song")
    await world.bob.send(world.channel, "indeed", reply_to=said)
    await world.bob.send(world.channel, "softer", reply_to=card)

    assert asked == [card.id]


async def test_a_reply_that_mentions_the_bot_can_be_read(world: World) -> None:
    card = world.card(await world.song())
    assert world.app.bot.user is not None

    await world.alice.send(world.channel, f"{world.app.bot.user.mention} softer", reply_to=card)

    assert labels(world.channel.last_message) == ["Start", "Edit", "Cancel"]
    assert "> softer" in text_of(world.channel.last_message)


@pytest.mark.parametrize("world", [{"message_content_intent": True}], indirect=True)
async def test_with_the_intent_a_reply_to_a_card_is_read(world: World) -> None:
    card = world.card(await world.song())

    await world.alice.send(world.channel, "at 0:10 softer", reply_to=card)

    assert labels(world.channel.last_message) == ["Start", "Edit", "Cancel"]
    assert "From: 0:10" in text_of(world.channel.last_message)


@pytest.mark.parametrize("world", [{"message_content_intent": True}], indirect=True)
async def test_bots_forwards_other_messages_and_other_replies_are_left_alone(world: World) -> None:
    card = world.card(await world.song())
    robot = world.guild.add_member(world.env.create_user("Robot", bot=True))
    before = len(world.requests("POST", "/messages"))

    await robot.send(world.channel, "softer", reply_to=card)
    await world.alice.forward(card, world.channel)
    said = await world.alice.send(world.channel, "what a song")
    await world.bob.send(world.channel, "indeed", reply_to=said)

    assert len(world.requests("POST", "/messages")) == before


@pytest.mark.parametrize("words", [SECRET, f"lol I posted {SECRET}"])
async def test_a_reply_with_a_secret_is_refused_in_private(world: World, words: str) -> None:
    await drafted(world, words)

    assert "key, token or password" in world.dms()[-1].content
    assert SECRET not in world.dms()[-1].content
    assert not [m for m in world.channel.history() if "key" in m.content]


async def test_with_closed_direct_messages_the_refusal_is_public_quotes_nothing_and_goes(world: World) -> None:
    await world.song()
    world.env.inject_error("POST", f"/channels/{world.alice.user.dm_channel.id}/messages", status=403, code=50007)

    await world.alice.send(world.channel, SECRET, reply_to=world.pings()[0])
    said = world.channel.last_message

    assert "seems to hold a key" in said.content
    assert "sk-" not in said.content
    await world.env.advance_time(31)
    assert said.id not in [message.id for message in world.channel.history()]


async def test_a_reply_that_is_refused_gets_a_sentence_that_quotes_nothing_and_goes(world: World) -> None:
    await drafted(world, "from 9:05 louder")
    said = world.channel.last_message

    assert "Name a moment before its end." in said.content
    assert "louder" not in said.content
    await world.env.advance_time(31)
    assert said.id not in [message.id for message in world.channel.history()]


@pytest.mark.parametrize("world", [{"message_content_intent": True}], indirect=True)
async def test_a_reply_to_an_unfinished_song_is_refused_briefly(world: World) -> None:
    card = world.card(await world.asked())

    await world.alice.send(world.channel, "softer", reply_to=card)

    assert "not finished" in world.channel.last_message.content
    await world.env.advance_time(31)
    assert "not finished" not in world.channel.last_message.content


async def test_another_member_may_reply_where_the_song_was_posted(world: World) -> None:
    await world.song()

    await world.bob.send(world.channel, "make it quieter", reply_to=world.pings()[0])
    question = world.channel.last_message

    assert private(await world.alice.click(question, label="Start")) == "That is somebody else's."
    await world.bob.click(question, label="Start")
    await world.turn()
    assert (await world.task(2)).user_id == world.bob.id


async def test_a_reply_by_another_member_in_another_channel_is_refused(world: World) -> None:
    task = await world.song()
    # the same message, as if a reply could reach across channels
    await world.restart(f"UPDATE music_tasks SET channel_id = {world.other_channel.id} WHERE id = {task.id}")  # noqa: S608 -- ids of our own

    await world.bob.send(world.channel, "softer", reply_to=world.pings()[0])

    assert world.channel.last_message.content == "That is somebody else's."


async def test_a_reply_that_can_not_be_answered_does_no_harm(world: World) -> None:
    await world.song()
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=403, code=50013, times=None)

    await world.alice.send(world.channel, "softer", reply_to=world.pings()[0])
    await world.alice.send(world.channel, "from 9:05", reply_to=world.pings()[0])

    assert world.env.errors == []


@pytest.mark.parametrize(("status", "code"), [(403, 160002), (400, 50035)])
@pytest.mark.parametrize(
    ("words", "said"), [("softer", "Did I understand you?"), ("from 9:05", "before its end"), ("", "Use the button")]
)
async def test_where_a_reply_is_not_possible_the_answer_comes_without(
    world: World, words: str, said: str, status: int, code: int
) -> None:
    card = world.card(await world.song())
    world.env.inject_error("POST", f"/channels/{world.channel.id}/messages", status=status, code=code)

    await world.alice.send(world.channel, words or "hidden", reply_to=world.pings()[0] if words else card)

    assert said in text_of(world.channel.last_message)
    assert world.channel.last_message.reference is None


async def test_a_start_whose_answer_got_lost_still_becomes_the_song(world: World) -> None:
    await drafted(world)
    question = world.channel.last_message
    await _lose_the_answer(world, question)
    assert (await world.task(2)).state is State.RECEIVED

    await world.advance(31)
    task = await world.until(State.COMPLETED, 2, step_s=16)

    assert task.message_id == question.id


async def test_a_start_that_could_not_be_noted_claims_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await drafted(world)
    monkeypatch.setattr(world.app.service.asking, "shown", _disk_full)

    answer = await world.alice.click(world.channel.last_message, label="Start")

    assert answer.followups == []
    assert labels(world.channel.last_message) == ["Cancel"]


async def _disk_full(*_: object) -> None:
    raise OSError("the disk is full")


async def test_a_start_whose_answer_never_came_is_abandoned(world: World) -> None:
    await drafted(world)
    world.env.inject_error("POST", "/interactions/*/callback", status=500)

    answer = await world.alice.click(world.channel.last_message, label="Start")
    assert not answer.acknowledged, "nothing may be claimed while it is not known"
    await world.advance(31)

    assert (await world.task(2)).state is State.ABANDONED
    assert "could not be started" in private(await world.alice.click(_question(world), label="Start"))
    assert len(world.standin.creates) == 1


async def _lose_the_answer(world: World, question) -> None:
    """Start, with an answer that reaches Discord and a confirmation that does not come back."""
    whole = AsyncWebhookAdapter.create_interaction_response

    async def deaf(self, *args, **kwargs):
        await whole(self, *args, **kwargs)
        raise ConnectionResetError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AsyncWebhookAdapter, "create_interaction_response", deaf)
        await world.alice.click(question, label="Start")


def _question(world: World):
    return next(m for m in world.channel.history() if labels(m) == ["Start", "Edit", "Cancel"])
