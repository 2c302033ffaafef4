"""`/songs`: a member turns over what they asked for, narrows it, opens one again, looks at its family, deletes it."""

import shutil
from typing import Any

import discord
import pytest

from bot.domain.tasks import Kind, MusicTask, State
from bot.domain.transitions import Emptied
from bot.ui import texts
from sandbox.faults import changed
from tests.behaviour.conftest import REPEAT, Seen, World, control, files_of, fill, labels, private, text_of


async def shelf(world: World, count: int, **columns: Any) -> None:
    """So many tasks of Alice's that have come to an end."""
    for number in range(count):
        task = await world.asked(f"Wish {number} {columns}", title=f"Song {number}")
        await world.write(task.id, **{"state": State.CANCELLED, **columns})


async def songs(world: World, **options: Any) -> Any:
    """The list, as Alice sees it."""
    answer = await world.alice.slash(world.channel, "songs", **options)
    assert answer.response.ephemeral
    return answer.response


async def pick(world: World, shown: Any, press: str, value: str) -> Any:
    return await world.alice.select(shown, [value], custom_id=control(shown, press))


async def opened(world: World, task: MusicTask) -> Any:
    """The private card of one of Alice's."""
    answer = await pick(world, await songs(world), "open_song", str(task.id))
    assert answer.response.ephemeral
    return answer.response


def empty_media(world: World) -> None:
    shutil.rmtree(world.folder / "media")
    (world.folder / "media").mkdir()


def rows(shown: Any) -> list[str]:
    return [line for line in text_of(shown).splitlines() if line.startswith("`#")]


def url_of(shown: Any, label: str) -> str:
    urls = [c["url"] for row in shown.components for c in row["components"] if c.get("label") == label]
    (url,) = urls
    return str(url)


# --- the list --------------------------------------------------------------------------------------------------------


async def test_members_see_only_their_own_privately_newest_first(world: World) -> None:
    await world.asked("Alpha")
    await world.asked("Beta", by=world.bob)
    await world.asked("Gamma")

    shown = text_of(await songs(world))

    assert "Beta" not in shown
    assert shown.index("Gamma") < shown.index("Alpha")
    assert f"/{world.channel.id}/" in shown


async def test_without_any_it_says_how_to_begin(world: World) -> None:
    assert "/song" in private(await world.alice.slash(world.channel, "songs"))


async def test_a_title_with_brackets_leads_nowhere_else(world: World) -> None:
    await world.asked("x", title="Vote](https://evil.example.com)")

    assert "](https://evil" not in text_of(await songs(world))


async def test_pages_are_turned_and_end_where_the_list_ends(world: World) -> None:
    await shelf(world, 17)
    shown = await songs(world)
    assert (len(rows(shown)), rows(shown)[0].split("`")[1]) == (8, "#17")
    assert "Page 1 of 3 · 17 in all" in text_of(shown)

    await world.alice.click(shown, label="Older")
    await world.alice.click(shown, label="Older")

    assert [row.split("`")[1] for row in rows(shown)] == ["#1"]
    disabled = {c["label"]: c["disabled"] for c in shown.components[-1]["components"]}
    assert disabled == {"Newer": False, "Older": True, "Search": False}
    await world.alice.click(shown, label="Newer")
    assert [row.split("`")[1] for row in rows(shown)] == [f"#{number}" for number in range(9, 1, -1)]


async def test_a_page_that_is_gone_meanwhile_shows_the_last_one(world: World) -> None:
    await shelf(world, 9)
    shown = await songs(world)
    for number in range(1, 4):
        await world.app.stores.tasks.apply(await world.task(number), Emptied())

    await world.alice.click(shown, label="Older")

    assert [row.split("`")[1] for row in rows(shown)] == [f"#{number}" for number in range(9, 3, -1)]


async def test_the_list_is_narrowed_by_state_and_kind(world: World) -> None:
    await shelf(world, 1, state=State.COMPLETED)
    await shelf(world, 1, state=State.FAILED)
    await shelf(world, 1, state=State.UNCERTAIN, kind=Kind.LYRICS)
    await shelf(world, 1, state=State.CANCELLED)
    await world.asked("Under way")
    shown = await songs(world)

    found = {}
    for place, name in enumerate(["all", "under way", "finished", "troubled", "cancelled"]):
        await pick(world, shown, "songs_stage", str(place))
        found[name] = sorted(row.split("`")[1] for row in rows(shown))
    assert found == {
        "all": ["#1", "#2", "#3", "#4", "#5"],
        "under way": ["#5"],
        "finished": ["#1"],
        "troubled": ["#2", "#3"],
        "cancelled": ["#4"],
    }
    await pick(world, shown, "songs_stage", "3")
    await pick(world, shown, "songs_kind", "2")
    assert [row.split("`")[1] for row in rows(shown)] == ["#3"]
    await pick(world, shown, "songs_kind", "3")
    assert "Nothing of yours fits" in text_of(shown)


@pytest.mark.parametrize("words", ["夜の", "ÜBER", "100%", "_case", "c:\\x"])
async def test_songs_are_searched_by_their_words(world: World, words: str) -> None:
    await world.asked("夜の海 über snake_case", title="100% C:\\x")
    await world.asked("nothing alike")

    shown = await songs(world, search=words)

    assert [row.split("`")[1] for row in rows(shown)] == ["#1"]


async def test_a_search_by_the_form_keeps_the_filters_and_can_be_ended(world: World) -> None:
    await shelf(world, 3)
    await world.asked("Song of the sea")
    shown = await songs(world)
    await pick(world, shown, "songs_stage", "4")
    assert len(rows(shown)) == 3

    form = await world.alice.click(shown, label="Search")
    await fill(world.alice, form, text="  sONG 2 ")
    assert [row.split("`")[1] for row in rows(shown)] == ["#3"]
    assert "with “sONG 2”" in text_of(shown)

    again = await world.alice.click(shown, label="Search")
    assert again.modal["components"][0]["component"]["value"] == "sONG 2"
    await world.alice.click(shown, label="End search")
    assert len(rows(shown)) == 3


async def test_a_list_from_before_a_restart_goes_on_where_it_was(world: World) -> None:
    await shelf(world, 10)
    await world.asked("Wish of another kind")
    shown = await songs(world, search="wish")
    await pick(world, shown, "songs_stage", "4")
    form = await world.alice.click(shown, label="Search")

    await world.restart()
    await world.alice.click(shown, label="Older")
    assert [row.split("`")[1] for row in rows(shown)] == ["#2", "#1"]
    assert "with “wish”" in text_of(shown)
    await fill(world.alice, form, text="9")

    assert [row.split("`")[1] for row in rows(shown)] == ["#10"]


async def test_whoever_presses_sees_their_own(world: World) -> None:
    await world.asked("Alpha")
    await world.asked("Beta", by=world.bob)
    shown = await songs(world)

    await Seen(world, shown.message).press(world.bob, control(shown, "songs_stage"), "0")

    assert ["Beta" in row for row in rows(shown)] == [True]


# --- opening ---------------------------------------------------------------------------------------------------------


async def test_a_song_is_opened_again_with_its_file_and_without_asking_anybody(world: World) -> None:
    task = await world.song(title="Harbour")
    asked = len(world.standin.requests)

    card = await opened(world, task)

    assert files_of(card) == ["Harbour.mp3"]
    assert card.embeds[0].thumbnail.url == "attachment://cover.jpg"
    assert card.attachments[-1].description == "Cover of Harbour"
    assert "Finished" in text_of(card)
    assert labels(card.message) == ["Continue", "Lyrics", *REPEAT, "Go to the card", "Delete"]
    assert url_of(card, "Go to the card").endswith(f"/{world.channel.id}/{task.message_id}")
    assert len(world.standin.requests) == asked
    assert (await world.app.stores.tasks.counts()) == {State.COMPLETED: 1}


async def test_without_our_own_file_the_one_on_the_card_is_linked(world: World) -> None:
    task = await world.song(title="Harbour")
    empty_media(world)
    world.standin.faults.on_media("not_found", times=None)

    card = await opened(world, task)

    assert card.attachments == []
    assert url_of(card, "Listen") == world.card(task).attachments[0].url
    assert "in an earlier message of mine" in card.content


async def test_a_song_that_came_directly_is_linked_from_there(world: World) -> None:
    task = await world.asked(title="Harbour")
    await world.turn()
    await world.mo.delete(world.card(task))
    await world.until(State.COMPLETED, step_s=16)
    empty_media(world)

    card = await opened(world, task)

    (told,) = world.dms()
    assert url_of(card, "Listen") == told.attachments[0].url
    assert "Go to the card" not in labels(card.message)


@pytest.mark.parametrize(("status", "code"), [(404, 10008), (403, 50001), (503, 0)])
async def test_where_no_message_can_be_read_the_providers_link_is_given_and_named(
    world: World, status: int, code: int
) -> None:
    task = await world.song()
    empty_media(world)
    world.env.inject_error("GET", "/channels/*", status=status, code=code, times=None)

    card = await opened(world, task)

    assert task.result is not None
    assert url_of(card, "Listen") == task.result.tracks[0].audio_url
    assert "TokenLab's own link" in card.content

    await world.turn()
    world.env.backend.faults.clear()
    assert len(files_of(await opened(world, task))) == 1, "it was fetched anew"
    assert len(world.standin.creates) == 1


async def test_a_song_that_was_given_up_is_fetched_anew_for_its_card_and_for_whoever_opens_it(world: World) -> None:
    task = await world.song(title="Harbour")
    empty_media(world)
    await world.write(task.id, media=(), files_shown=False)

    card = await opened(world, task)
    assert card.content == texts.FETCHED_ANEW
    await world.advance(2)

    assert files_of(await opened(world, task)) == ["Harbour.mp3"]
    assert "Harbour.mp3" in [file.filename for file in world.card(await world.task()).attachments]


async def test_where_files_may_not_be_attached_none_is_tried(world: World) -> None:
    task = await world.song(title="Harbour")
    no_files = discord.PermissionOverwrite(attach_files=False)
    world.channel = world.guild.create_text_channel("texts", overwrites={world.guild.default_role: no_files})

    card = await opened(world, task)

    assert card.attachments == []
    assert "in an earlier message of mine" in card.content


async def test_the_answer_is_on_its_way_before_discord_is_asked_for_the_card(world: World) -> None:
    task = await world.song()
    empty_media(world)
    shown = await songs(world)
    before = len(world.env.http_requests)

    await pick(world, shown, "open_song", str(task.id))

    made = [(entry.method, entry.path.rsplit("/", 1)[1]) for entry in world.env.http_requests[before:]]
    assert made[0] == ("POST", "callback")
    assert made[1] == ("GET", str(task.message_id))


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.FAILED])
async def test_what_is_not_finished_is_opened_as_its_card_stands(world: World, state: State) -> None:
    task = await world.asked()
    await world.write(task.id, state=state)

    card = await opened(world, task)

    assert "Slow harbour blues" in text_of(card)
    assert ("Delete" in labels(card.message)) is (state is State.FAILED)


async def test_a_press_on_an_opened_card_does_not_take_it_for_the_card(world: World) -> None:
    task = await world.asked()
    await world.write(task.id, state=State.RECEIVED)
    card = await opened(world, task)

    await world.alice.click(card.message, label="Cancel")

    assert (await world.task()).message_id == task.message_id


async def test_long_lyrics_are_opened_with_their_file(world: World) -> None:
    await world.alice.slash(world.channel, "lyrics", prompt="A ballad")
    words = "line\n" * 1500
    await world.turn()
    world.standin.faults.on_status(changed(lambda scene: dict(scene.finished) | {"lyrics": words}))

    card = await opened(world, await world.until(State.COMPLETED))

    assert (await card.attachments[0].read()).decode() == words.strip()


async def test_an_earlier_branch_is_continued_from_the_opened_card(world: World) -> None:
    task = await world.song()
    await world.alice.slash(world.channel, "continue", song="1", prompt="first branch")
    await world.until(State.COMPLETED, 2, step_s=16)

    form = await world.alice.click((await opened(world, task)).message, label="Continue")
    await fill(world.alice, form, prompt="second branch", at="0:05")

    branch = await world.task(3)
    assert (branch.parent_id, branch.prompt, branch.continue_at_s) == (1, "second branch", 5)


async def test_songs_are_listed_opened_and_deleted_in_direct_messages(world: World) -> None:
    task = await world.song(title="Harbour")
    alice = world.alice.user

    shown = (await alice.slash("songs")).response
    answer = await alice.select(shown, [str(task.id)], custom_id=control(shown, "open_song"))
    assert files_of(answer.response) == ["Harbour.mp3"]
    question = await alice.click(answer.response.message, label="Delete")
    await alice.click(question.response.message, label="Yes, delete it")
    form = await alice.click(shown, label="Search")
    await fill(alice, form, text="")

    assert "Nothing of yours fits" in text_of(shown)


@pytest.mark.parametrize(
    ("picked", "words"),
    [("2", "That is somebody else's."), ("99", "can't find"), ("3", "can't find"), ("what", "can't find")],
)
async def test_what_is_not_ones_own_can_not_be_opened(world: World, picked: str, words: str) -> None:
    await world.asked("Alpha")
    await world.asked("Beta", by=world.bob)
    gone = await world.asked("Gamma")
    await world.write(gone.id, deleted_at=world.clock())
    shown = await songs(world)

    answer = await Seen(world, shown.message).press(world.alice, control(shown, "open_song"), picked)

    assert words in private(answer)


# --- families --------------------------------------------------------------------------------------------------------


async def family(world: World, task: MusicTask) -> Any:
    answer = await world.alice.click((await opened(world, task)).message, label="Family")
    assert answer.response.ephemeral
    return answer.response


async def test_a_family_is_shown_from_the_first_ancestor_down(world: World) -> None:
    await world.song("Root")
    for number, (parent, who) in enumerate([(1, world.alice), (1, world.bob), (2, world.alice)], 2):
        await who.slash(world.channel, "continue", song=str(parent), prompt=f"Branch {number}")
        await world.until(State.COMPLETED, number, step_s=16)

    shown = await family(world, await world.task(2))

    lines = text_of(shown).splitlines()[2:5]
    indents = [len(line) - len(line.lstrip("\N{EM SPACE}")) for line in lines]
    assert indents == [0, 1, 2]
    assert "**[" in lines[1]
    assert all(f"/{world.channel.id}/" in line for line in lines)
    again = await pick(world, shown, "open_song", "4")
    assert "Branch 4" in text_of(again.response)


async def test_what_others_made_of_a_song_is_shown_where_it_was_posted(world: World) -> None:
    await world.song("Root")
    await world.bob.slash(world.channel, "continue", song="1", prompt="Bob's own")
    await world.until(State.COMPLETED, 2, step_s=16)

    shown = text_of(await family(world, await world.task(1)))

    assert f"<@{world.bob.id}>" in shown
    assert f"/{(await world.task(2)).message_id})" in shown


async def test_what_others_made_elsewhere_is_shown_nowhere(world: World) -> None:
    await world.song("Root")
    await world.bob.slash(world.channel, "continue", song="1", prompt="Bob's own")
    await world.until(State.COMPLETED, 2, step_s=16)
    await world.write(2, guild_id=77, channel_id=78)
    await world.alice.slash(world.channel, "continue", song="1", prompt="Mine")
    await world.write(3, parent_id=2)

    assert f"<@{world.bob.id}>" not in text_of(await family(world, await world.task(1)))
    lines = text_of(await family(world, await world.task(3))).splitlines()
    assert ["not shown here" in line for line in lines[2:5]] == [False, True, False]
    assert f"<@{world.bob.id}>" not in "".join(lines)


# --- deleting --------------------------------------------------------------------------------------------------------


async def test_a_song_is_deleted_after_a_question_with_its_card_and_its_ping(world: World) -> None:
    task = await world.song(title="Harbour")
    assert len(world.pings()) == 1
    shown = await songs(world)
    card = (await pick(world, shown, "open_song", "1")).response
    question = await world.alice.click(card.message, label="Delete")
    assert "Delete **Harbour** for good?" in private(question)
    assert (await world.task()).deleted_at is None

    await world.restart()
    await world.alice.click(question.response.message, label="Yes, delete it")
    await world.turn()

    assert world.pings() == []
    with pytest.raises(AssertionError, match="no card"):
        world.card(task)
    assert "/song" in private(await world.alice.slash(world.channel, "songs"))
    again = await pick(world, shown, "open_song", "1")
    assert "can't find" in private(again)


async def test_a_deleted_song_is_no_longer_named_by_its_family(world: World) -> None:
    await world.song("Root")
    for parent in ("1", "2"):
        await world.alice.slash(world.channel, "continue", song=parent, prompt="softer")
        await world.until(State.COMPLETED, int(parent) + 1, step_s=16)
        await world.turn()
    root, leaf = await world.task(1), await world.task(3)
    assert "Continued in" in text_of(world.card(root))
    assert "continues [" in text_of(world.card(leaf))

    question = await world.alice.click((await opened(world, await world.task(2))).message, label="Delete")
    await world.alice.click(question.response.message, label="Yes, delete it")

    await world.until_seen(lambda: "Continued in" not in text_of(world.card(root)))
    await world.until_seen(lambda: "continues #2" in text_of(world.card(leaf)))


async def test_a_strangers_press_deletes_nothing(world: World) -> None:
    task = await world.song()
    card = await opened(world, task)
    question = await world.alice.click(card.message, label="Delete")

    answer = await Seen(world, question.response.message).press(world.bob, "encore:delete_surely:1")

    assert private(answer) == "That is somebody else's."
    assert (await world.task()).deleted_at is None
