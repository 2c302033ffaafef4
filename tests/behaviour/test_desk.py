"""The lyrics desk as members use it: reading whole, changing, earlier texts, a song of the words."""

from typing import Any

import discord
import pytest

from bot.domain.listing import Wanted
from bot.domain.members import PreferenceChanges
from bot.domain.rules import EVERYWHERE, RuleChanges
from bot.domain.tasks import MusicTask, State
from bot.domain.wishes import LYRICS_MAX_CHARS
from bot.ui import lyrics
from bot.ui.lyrics import PAGE_CHARS
from sandbox.faults import changed
from tests.behaviour.conftest import REPEAT, Seen, World, fill, labels, private, text_of
from tests.behaviour.test_asking import HOSTILE
from tests.unit.test_cards import LIVE_LINK, MASKED_LINKS

SONG = "[Verse 1]\nRain on the tin\n\n[Chorus]\nOh harbour\n\n[Verse 2]\nRain on the sea"
LONG = "\n\n".join(f"[Verse {n}]\n" + "\n".join(f"Line {n}.{m} of a long ballad" for m in range(30)) for n in range(9))
YEAR_S = 365 * 24 * 3600
SECRET = "sk-proj-abcdefghij0123456789abcdefghij0123456789"


async def written(world: World, text: str = SONG, channel: Any = None) -> MusicTask:
    """Alice has asked for lyrics and has got these; gives their task."""
    answer = await world.alice.slash(channel or world.channel, "lyrics", prompt="A lighthouse keeper")
    task = await world.app.stores.tasks.by_message(answer.response.id)
    assert task is not None
    await world.turn()
    world.standin.faults.on_status(changed(lambda scene: dict(scene.finished) | {"lyrics": text}))
    await world.until(State.COMPLETED, task.id)
    await world.turn()
    return await world.task(task.id)


async def edit(world: World, task: MusicTask, label: str | None = None, **values: str) -> Any:
    """Alice opens a part in a form, fills it in, and gets her answer; the card follows."""
    shown = await world.alice.click(world.card(task), label="Edit")
    if label is not None:
        shown = await world.alice.click(shown.response, label=label)
    answer = await fill(world.alice, shown, **values)
    await world.turn()
    return answer


async def lyrics_of(world: World, task: MusicTask) -> str | None:
    return (await world.task(task.id)).lyrics


async def file_of(message: Any) -> str | None:
    """What the one file of a message holds."""
    (*files,) = [await one.read() for one in message.attachments]
    assert len(files) <= 1
    return files[0].decode() if files else None


def buttons(message: Any) -> dict[str, bool]:
    """The buttons of a private answer, and whether they can be pressed."""
    return {child["label"]: not child.get("disabled") for row in message.components for child in row["components"]}


# --- reading ---------------------------------------------------------------------------------------------------------


async def test_anybody_who_sees_long_lyrics_reads_them_whole_page_by_page_in_private(world: World) -> None:
    card = world.card(await written(world, LONG))
    before = text_of(card)

    page = await world.bob.click(card, label="Read")
    read = [text_of(page.response)]
    assert await file_of(page.response) == LONG
    assert buttons(page.response) == {"Earlier page": False, "Next page": True}
    while buttons(page.response)["Next page"]:
        page = await world.bob.click(page.response, label="Next page")
        read.append(text_of(page.response))

    assert page.response.ephemeral
    assert len(read) == 3
    assert "Page 3 of 3" in read[-1]
    assert [line for line in LONG.splitlines() if line.startswith("Line") and f"> {line}" not in "\n".join(read)] == []
    assert await file_of(page.response) == LONG
    page = await world.bob.click(page.response, label="Earlier page")
    assert "Page 2 of 3" in text_of(page.response)
    assert text_of(world.card(await world.task())) == before


async def test_the_lyrics_of_a_song_are_read_from_its_card(world: World) -> None:
    task = await world.song()

    answer = await world.bob.click(world.card(task), label="Lyrics")

    assert answer.response.ephemeral
    assert task.lyrics is not None
    assert f"> {task.lyrics.splitlines()[-1]}" in text_of(answer.response)
    assert "**Verse 1**" in text_of(answer.response)
    assert (buttons(answer.response), answer.response.attachments) == ({}, [])


async def test_a_year_and_a_restart_later_lyrics_are_still_read_and_changed(world: World) -> None:
    task = await written(world, LONG)
    page = await world.bob.click(world.card(task), label="Read")
    await world.env.advance_time(YEAR_S)
    await world.restart()

    page = await world.bob.click(page.response, label="Next page")
    assert "Page 2 of 3" in text_of(page.response)
    assert "Page 1 of 3" in private(await world.bob.click(world.card(task), label="Read"))
    answer = await edit(world, task, "1 · Verse 0", text0="[Intro]\nA year has passed")

    assert "Changed; the card shows it" in private(answer)
    assert "A year has passed" in text_of(world.card(await world.task()))


async def test_a_page_that_is_no_longer_there_is_the_last_one(world: World) -> None:
    task = await written(world, LONG)
    page = await world.bob.click(world.card(task), label="Read")
    await world.app.stores.lyrics.edit(task.id, "short")

    page = await world.bob.click(page.response, label="Next page")

    assert "> short" in text_of(page.response)
    assert buttons(page.response) == {}


async def test_where_no_files_may_be_attached_the_pages_are_all_there_is(world: World) -> None:
    no_files = discord.PermissionOverwrite(attach_files=False)
    world.channel = world.guild.create_text_channel("texts", overwrites={world.guild.default_role: no_files})
    card = world.card(await written(world, LONG))

    answer = await world.bob.click(card, label="Read")

    assert "Page 1 of 3" in private(answer)
    assert answer.response.attachments == []


@pytest.mark.parametrize("press", ["lyrics:1:2", "edit_lyrics:1", "earlier:1:1", "take_back:1:1"])
async def test_no_press_turns_a_card_into_a_private_answer(world: World, press: str) -> None:
    task = await written(world, LONG)
    await world.app.stores.lyrics.edit(task.id, f"{LONG}\nmore")
    await world.turn()
    card = world.card(task)
    before = text_of(card)

    answer = await Seen(world, card).with_button(f"encore:{press}").press(world.alice, f"encore:{press}")

    assert answer.response.ephemeral
    assert answer.response.id != card.id
    assert "**Verse" in before
    assert text_of(world.card(await world.task())) == before


# --- changing --------------------------------------------------------------------------------------------------------


async def test_a_section_is_chosen_changed_in_a_form_and_shown_on_the_card(world: World) -> None:
    task = await written(world)

    parts = await world.alice.click(world.card(task), label="Edit")
    assert parts.response.ephemeral
    assert list(buttons(parts.response)) == ["1 · Verse 1", "2 · Chorus", "3 · Verse 2"]
    form = await world.alice.click(parts.response, label="2 · Chorus")
    (field,) = [label["component"] for label in form.modal["components"]]
    assert field["value"] == "[Chorus]\nOh harbour"
    answer = await fill(world.alice, form, text0="[Chorus]\nOh harbour light\n\n[Break]\nla")
    await world.turn()

    assert answer.response.id == parts.response.id
    assert "Changed; the card shows it." in private(answer)
    assert list(buttons(answer.response)) == [
        "1 · Verse 1",
        "2 · Chorus",
        "3 · Break",
        "4 · Verse 2",
        "Earlier versions",
    ]
    assert await lyrics_of(world, task) == SONG.replace("Oh harbour", "Oh harbour light\n\n[Break]\nla")
    card = text_of(world.card(await world.task()))
    assert "**Chorus**\n> Oh harbour light\n\n**Break**\n> la\n\n**Verse 2**" in card
    assert "Changed by hand" in card
    assert len(world.pings()) == 1


async def test_a_single_section_opens_its_form_at_once(world: World) -> None:
    task = await written(world, "Rain on the tin\nrain on the sea")

    answer = await edit(world, task, text0="Sun")

    assert "Changed; the card shows it." in private(answer)
    assert answer.response.id != task.message_id
    card = world.card(await world.task())
    assert "> Sun" in text_of(card)
    assert labels(card) == ["Make it a song", "Edit", "Again", "More"]
    again = await world.alice.click(card, label="Edit")
    assert list(buttons(again.response)) == ["1 · Sun", "Earlier versions"]


async def test_a_section_longer_than_an_input_goes_on_in_the_next(world: World) -> None:
    verse = "\n".join(f"line {number} of a verse without end" for number in range(250))
    task = await written(world, f"[Verse]\n{verse}\n\n[Chorus]\nOh")
    parts = await world.alice.click(world.card(task), label="Edit")
    form = await world.alice.click(parts.response, label="1 · Verse")
    fields = [label["component"] for label in form.modal["components"]]
    assert "\n".join(field.get("value", "") for field in fields) == f"[Verse]\n{verse}\n"

    await fill(world.alice, form, text2="and one more")

    assert await lyrics_of(world, task) == f"[Verse]\n{verse}\nand one more\n\n[Chorus]\nOh"


async def test_the_end_of_the_longest_text_without_sections_is_within_reach(world: World) -> None:
    text = "\n\n".join(f"Stanza {number}\n" + "word " * 300 + "end" for number in range(13))[:LYRICS_MAX_CHARS]
    task = await written(world, text)
    parts = await world.alice.click(world.card(task), label="Edit")
    last = list(buttons(parts.response))[-1]

    form = await world.alice.click(parts.response, label=last)
    (*_, field) = [label["component"] for label in form.modal["components"] if label["component"].get("value")]
    assert text.endswith(field["value"])
    await fill(world.alice, form, **{field["custom_id"]: "The end"})

    now = await lyrics_of(world, task)
    assert now is not None
    assert now.endswith("The end")
    assert now.startswith(text[: PAGE_CHARS * 3])


async def test_as_many_sections_as_there_are_buttons_for_leave_room_for_the_earlier_versions(world: World) -> None:
    task = await written(world, "\n\n".join(f"[Part {number}]\nla" for number in range(24)))

    answer = await edit(world, task, "24 · Part 23", text0="[Part 23]\nlo")

    assert len(buttons(answer.response)) == 25
    assert list(buttons(answer.response))[-2:] == ["24 · Part 23", "Earlier versions"]


async def test_somebody_elses_lyrics_are_neither_changed_nor_sung(world: World) -> None:
    card = world.card(await written(world))

    for label in ("Edit", "Make it a song"):
        assert "somebody else's" in private(await world.bob.click(card, label=label))
    assert await world.app.stores.tasks.ids_of_member(world.bob.id, Wanted()) == []


async def test_a_form_that_was_open_over_a_restart_still_counts(world: World) -> None:
    task = await written(world)
    parts = await world.alice.click(world.card(task), label="Edit")
    form = await world.alice.click(parts.response, label="1 · Verse 1")
    await world.restart()

    answer = await fill(world.alice, form, text0="[Verse 1]\nSun on the tin")
    await world.turn()

    assert "Changed; the card shows it." in private(answer)
    assert "Sun on the tin" in text_of(world.card(await world.task()))


async def test_a_form_that_nobody_sends_is_not_kept_for_ever_and_counts_all_the_same(world: World) -> None:
    parts = await world.alice.click(world.card(await written(world)), label="Edit")
    form = await world.alice.click(parts.response, label="1 · Verse 1")
    kept = world.app.bot._connection._view_store._modals
    assert len(kept) == 1

    await world.advance(16 * 60)
    assert not kept
    answer = await fill(world.alice, form, text0="[Verse 1]\nSun on the tin")

    assert "Changed" in private(answer)


async def test_a_part_that_has_changed_since_its_form_was_opened_is_left_alone_and_nothing_typed_is_lost(
    world: World,
) -> None:
    task = await written(world)
    parts = await world.alice.click(world.card(task), label="Edit")
    late = await world.alice.click(parts.response, label="2 · Chorus")
    await edit(world, task, "2 · Chorus", text0="[Chorus]\nOh lantern")

    answer = await fill(world.alice, late, text0="[Chorus]\nOh my own words")

    assert "has changed since you opened the form" in private(answer)
    assert await file_of(answer.response) == "[Chorus]\nOh my own words"
    assert await lyrics_of(world, task) == SONG.replace("harbour", "lantern")
    again = await world.alice.click(answer.response, label="Edit")
    assert "2 · Chorus" in buttons(again.response)


async def test_a_form_outlives_a_change_of_another_part(world: World) -> None:
    task = await written(world)
    parts = await world.alice.click(world.card(task), label="Edit")
    late = await world.alice.click(parts.response, label="2 · Chorus")
    await edit(world, task, "1 · Verse 1", text0="[Verse 1]\nSnow")

    await fill(world.alice, late, text0="[Chorus]\nOh lantern")

    assert await lyrics_of(world, task) == "[Verse 1]\nSnow\n\n[Chorus]\nOh lantern\n\n[Verse 2]\nRain on the sea"


async def test_a_part_that_is_gone_is_not_opened(world: World) -> None:
    task = await written(world)
    parts = await world.alice.click(world.card(task), label="Edit")
    await edit(world, task, "1 · Verse 1", text0="")

    assert "has changed" in private(await world.alice.click(parts.response, label="3 · Verse 2"))


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (f"[Chorus]\nsing {SECRET}", "key, token or password"),
        ("[Chorus]\ngo to http://192.168.0.7/admin", "private or signed address"),
    ],
)
async def test_lyrics_with_a_secret_are_refused_and_not_repeated(world: World, typed: str, words: str) -> None:
    task = await written(world)

    answer = await edit(world, task, "2 · Chorus", text0=typed)

    assert words in private(answer)
    assert answer.response.attachments == []
    assert await lyrics_of(world, task) == SONG
    assert SECRET not in text_of(world.card(await world.task()))


@pytest.mark.parametrize("who", ["the server", "the operator"])
async def test_a_word_that_is_kept_out_is_not_brought_in_by_hand(world: World, who: str) -> None:
    task = await written(world)
    guild_id = world.guild.id if who == "the server" else EVERYWHERE
    await world.app.service.ruling.change(guild_id, world.mo.id, RuleChanges(words=("rude",)))

    answer = await edit(world, task, "2 · Chorus", text0="[Chorus]\nOh r.u.d.e harbour")

    assert "a word that is in the lyrics" in private(answer)
    assert await file_of(answer.response) == "[Chorus]\nOh r.u.d.e harbour"
    assert await lyrics_of(world, task) == SONG
    assert "r.u.d.e" not in text_of(world.card(await world.task()))


async def test_lyrics_that_hold_such_a_word_already_can_be_mended_part_by_part(world: World) -> None:
    task = await written(world, "[Verse 1]\nA rude tin\n\n[Chorus]\nOh rude harbour")
    await world.app.service.ruling.change(world.guild.id, world.mo.id, RuleChanges(words=("rude",)))

    await edit(world, task, "1 · Verse 1", text0="[Verse 1]\nA tin")
    await edit(world, task, "2 · Chorus", text0="[Chorus]\nOh harbour")
    assert await lyrics_of(world, task) == "[Verse 1]\nA tin\n\n[Chorus]\nOh harbour"

    shown = await world.alice.click(world.card(await world.task()), label="Edit")
    earlier = await world.alice.click(shown.response, label="Earlier versions")
    back = await world.alice.click(earlier.response, label="Take this one back")
    assert "a word that is in the lyrics" in private(back)


async def test_lyrics_that_become_too_long_are_given_back(world: World) -> None:
    task = await written(world, "\n\n".join(f"[V{n}]\n{'x' * 3990}" for n in range(5))[: LYRICS_MAX_CHARS - 20])

    answer = await edit(world, task, "1 · V0", text0="x" * 4000, text1="y" * 200)

    assert "at most 20000 characters" in private(answer)
    assert await file_of(answer.response) == "x" * 4000 + "\n" + "y" * 200


async def test_what_is_emptied_goes_but_not_the_last_of_it(world: World) -> None:
    task = await written(world)

    answer = await edit(world, task, "2 · Chorus", text0="")
    assert list(buttons(answer.response)) == ["1 · Verse 1", "2 · Verse 2", "Earlier versions"]
    await edit(world, task, "1 · Verse 1", text0="")
    answer = await edit(world, task, "1 · Verse 2", text0=" ")

    assert "Nothing would be left" in private(answer)
    assert await lyrics_of(world, task) == "[Verse 2]\nRain on the sea"


async def test_a_form_that_is_sent_as_it_was_changes_nothing(world: World) -> None:
    task = await written(world, "[Verse]\n\n\nRain  \n\n\n\n[Chorus]\nOh")
    edits = len(world.requests("PATCH"))

    answer = await edit(world, task, "1 · Verse")

    assert "Nothing was changed" in private(answer)
    assert (await world.task()).edited_lyrics is None
    assert len(world.requests("PATCH")) == edits


async def test_the_file_of_long_lyrics_is_replaced_and_goes_once_they_are_short(world: World) -> None:
    task = await written(world, LONG)
    assert await file_of(world.card(task)) == LONG

    await edit(world, task, "9 · Verse 8", text0="[Outro]\nThe new end")
    now = await lyrics_of(world, task)
    assert now is not None
    assert now.endswith("[Outro]\nThe new end")
    assert await file_of(world.card(await world.task())) == now
    await world.app.stores.lyrics.edit(task.id, SONG)
    await world.advance(1)

    card = world.card(await world.task())
    assert card.attachments == []
    assert "Rain on the sea" in text_of(card)
    assert "Read" not in labels(card)
    assert (await world.task()).message_id == task.message_id


async def test_a_change_that_no_card_can_show_is_in_the_list(world: World) -> None:
    task = await written(world)
    parts = await world.alice.click(world.card(task), label="Edit")
    await world.write(task.id, card_lost="no_channel")

    form = await world.alice.click(parts.response, label="2 · Chorus")
    answer = await fill(world.alice, form, text0="[Chorus]\nOh lantern")
    await world.turn()

    assert "`/songs` has the new text" in private(answer)
    await world.alice.slash(world.channel, "songs")
    assert (await world.task()).lyrics == SONG.replace("harbour", "lantern")


@pytest.mark.parametrize("text", [*HOSTILE, *MASKED_LINKS], ids=range(len(HOSTILE) + len(MASKED_LINKS)))
async def test_no_lyrics_can_ping_anybody_or_break_a_card_or_an_answer(world: World, text: str) -> None:
    task = await written(world, "Rain")
    parts = await edit(world, task, text0=f"[{text[:60]}]\n{text}"[:4000])
    shown = [text_of(world.card(await world.task())), private(parts)]
    earlier = await world.alice.click(parts.response, label="Earlier versions")
    await world.alice.click(earlier.response, label="Take this one back")
    await world.turn()
    earlier = await world.alice.click(parts.response, label="Earlier versions")
    shown.append(private(earlier))

    assert not [one for one in shown if LIVE_LINK.search(one) or "@everyone" in one or "<@&" in one]
    assert all(one["allowed_mentions"]["parse"] == [] for one in _messages(world))
    assert "> Rain" in text_of(world.card(await world.task()))
    assert len(world.pings()) == 1


def _messages(world: World) -> list[dict[str, Any]]:
    """Every message that the bot has sent or edited."""
    bodies = [entry.json for entry in world.env.http_requests if isinstance(entry.json, dict)]
    sent = [body["data"] if isinstance(body.get("data"), dict) else body for body in bodies]
    return [one for one in sent if {"content", "embeds"} & set(one)]


# --- earlier versions ------------------------------------------------------------------------------------------------


async def test_earlier_texts_are_shown_newest_first_and_come_back(world: World) -> None:
    task = await written(world)
    for word in ("lantern", "sail"):
        panel = await edit(world, task, "2 · Chorus", text0=f"[Chorus]\nOh {word}")

    newest = await world.alice.click(panel.response, label="Earlier versions")
    assert newest.response.ephemeral
    assert "earlier version 2 of 2, replaced <t:" in private(newest)
    assert "Oh lantern" in private(newest)
    assert buttons(newest.response) == {"Newer": False, "Older": True, "Take this one back": True, "Back": True}
    oldest = await world.alice.click(newest.response, label="Older")
    assert buttons(oldest.response) == {"Newer": True, "Older": False, "Take this one back": True, "Back": True}
    assert "earlier version 1 of 2" in private(oldest)
    assert "Oh harbour" in private(oldest)
    back = await world.alice.click(oldest.response, label="Take this one back")
    await world.turn()

    assert "Changed; the card shows it." in private(back)
    assert "Oh harbour" not in private(back)
    assert await lyrics_of(world, task) == SONG
    assert "> Oh harbour" in text_of(world.card(await world.task()))
    kept = [await world.app.stores.lyrics.version(task.id, number) for number in (1, 2, 3)]
    assert [one and one.text.partition("Oh ")[2].split()[0] for one in kept] == ["harbour", "lantern", "sail"]


async def test_lyrics_in_several_versions_offer_the_others(world: World) -> None:
    await world.alice.slash(world.channel, "lyrics", prompt="A lighthouse keeper")
    await world.turn()
    world.standin.faults.on_status("lyrics_in_variants")
    task = await world.until(State.COMPLETED)
    first = task.lyrics or ""
    card = world.card(task)
    assert "wrote other versions, too" in text_of(card)

    parts = await world.alice.click(card, label="Edit")
    shown = await world.alice.click(parts.response, label="Other versions")
    assert "another version that TokenLab wrote, 2 of 2" in private(shown)
    assert "Other words" in private(shown)
    older = await world.alice.click(shown.response, label="Older")
    assert "Third" in private(older)
    await world.alice.click(older.response, label="Take this one back")
    await world.turn()

    assert await lyrics_of(world, task) == "Third"
    assert "wrote other versions" not in text_of(world.card(await world.task()))
    parts = await world.alice.click(world.card(await world.task()), label="Edit")
    shown = await world.alice.click(parts.response, label="Other versions")
    assert "earlier version 3 of 3, replaced" in private(shown)
    assert lyrics.pages(first)[0] in private(shown)


@pytest.mark.parametrize("fault", ["lyrics_in_data", "lyrics_in_text"])
async def test_lyrics_are_shown_wherever_the_provider_puts_them(world: World, fault: str) -> None:
    await world.alice.slash(world.channel, "lyrics", prompt="A lighthouse keeper")
    await world.turn()
    world.standin.faults.on_status(fault)

    task = await world.until(State.COMPLETED)

    assert lyrics.shown(task.lyrics or "") in text_of(world.card(task))
    assert not await world.app.service.lyrics.has_earlier(task)


async def test_a_lone_instrumental_is_no_lyrics(world: World) -> None:
    await world.alice.slash(world.channel, "lyrics", prompt="A lighthouse keeper")
    await world.turn()
    world.standin.faults.on_status("lyrics_instrumental", times=None)

    task = await world.until(State.EXPIRED)

    assert "has sent no result so far" in text_of(world.card(task))


async def test_an_earlier_text_is_shown_whole_however_long(world: World) -> None:
    task = await written(world, LONG)
    panel = await edit(world, task, "1 · Verse 0", text0="")

    page = await world.alice.click(panel.response, label="Earlier versions")
    read = [private(page)]
    while buttons(page.response)["Next page"]:
        page = await world.alice.click(page.response, label="Next page")
        read.append(private(page))

    assert [line for line in LONG.splitlines() if line.startswith("Line") and line not in "\n".join(read)] == []
    assert ("Page 1 of 3" in read[0], "Page 3 of 3" in read[2], len(read)) == (True, True, 3)
    back = await world.alice.click(page.response, label="Earlier page")
    assert private(back) == read[1]
    parts = await world.alice.click(page.response, label="Back")
    assert "1 · Verse 1" in buttons(parts.response)


async def test_only_the_version_that_is_shown_is_laid_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    task = await written(world)
    for word in ("lantern", "sail"):
        panel = await edit(world, task, "2 · Chorus", text0=f"[Chorus]\nOh {word}")
    laid_out: list[str] = []
    whole = lyrics.pages

    def pages(text: str) -> list[str]:
        laid_out.append(text)
        return whole(text)

    monkeypatch.setattr(lyrics, "pages", pages)
    newest = await world.alice.click(panel.response, label="Earlier versions")
    await world.alice.click(newest.response, label="Older")

    assert laid_out == [SONG.replace("harbour", "lantern"), SONG]


async def test_a_version_that_went_while_it_was_looked_at_is_the_oldest_one(world: World) -> None:
    task = await written(world)
    panel = await edit(world, task, "2 · Chorus", text0="[Chorus]\nOh lantern")
    shown = await world.alice.click(panel.response, label="Earlier versions")
    for number in range(30):
        await world.app.stores.lyrics.edit(task.id, f"text {number}")

    assert "There are no lyrics here" in private(await world.alice.click(shown.response, label="Take this one back"))
    panel = await world.alice.click(shown.response, label="Back")
    newest = await world.alice.click(panel.response, label="Earlier versions")
    assert "earlier version 20 of 20" in private(newest)
    assert "text 28" in private(newest)
    gone = "encore:earlier:1:101"
    old = await Seen(world, newest.response.message).with_button(gone).press(world.alice, gone)
    assert "earlier version 1 of 20" in private(old)


# --- a song of them --------------------------------------------------------------------------------------------------


async def test_lyrics_become_a_song_and_each_card_leads_to_the_other(world: World) -> None:
    task = await written(world)
    await edit(world, task, "2 · Chorus", text0="[Chorus]\nOh lantern")
    now = await lyrics_of(world, task)

    form = await world.alice.click(world.card(task), label="Make it a song")
    answer = await fill(world.alice, form, title="Low Tide", tags="blues", avoid="metal", instrumental=["0"])
    assert not answer.response.ephemeral
    song = await world.app.stores.tasks.by_message(answer.response.id)
    assert song is not None
    await world.turn()
    song = await world.until(State.COMPLETED, song.id, step_s=16)
    await world.turn()

    body = world.standin.creates[-1].body
    assert (body["prompt"], body["title"], body["tags"], body["negative_tags"]) == (now, "Low Tide", "blues", "metal")
    assert "make_instrumental" not in body or body["make_instrumental"] is False
    words, sung = world.card(await world.task(task.id)), world.card(song)
    assert f"words from [Lighthouse Keeper]({words.jump_url})" in text_of(sung)
    assert f"Made into [Low Tide]({sung.jump_url})" in text_of(words)
    assert labels(sung) == ["Continue", "Lyrics", *REPEAT]


async def test_the_form_knows_the_title_and_what_its_member_has_chosen_for_good(world: World) -> None:
    task = await written(world)
    await world.app.service.preferring.change(
        world.alice.id, PreferenceChanges(tags="folk", instrumental=True, version="chirp-v5")
    )

    form = await world.alice.click(world.card(task), label="Make it a song")
    fields = {label["component"]["custom_id"]: label["component"] for label in form.modal["components"]}
    assert (fields["title"]["value"], fields["tags"]["value"]) == ("Lighthouse Keeper", "folk")
    assert [one["value"] for one in fields["instrumental"]["options"] if one.get("default")] == ["1"]
    await fill(world.alice, form, tags="")
    await world.turn()

    body = world.standin.creates[-1].body
    assert (body["mv"], body["make_instrumental"]) == ("chirp-v5", True)
    assert not body.get("tags")


async def test_the_same_words_twice_in_a_row_are_asked_back(world: World) -> None:
    task = await written(world)
    for _ in range(2):
        form = await world.alice.click(world.card(task), label="Make it a song")
        answer = await fill(world.alice, form, instrumental=["0"])

    assert "just asked for the same" in private(answer)


async def test_words_that_are_too_long_to_sing_are_told_before_the_form(world: World) -> None:
    task = await written(world, LONG)

    answer = await world.alice.click(world.card(task), label="Make it a song")

    assert answer.modal is None
    assert f"these lyrics are {len(LONG) - 5000} over" in private(answer)


async def test_no_song_of_them_is_begun_while_none_can_be_asked_for_and_what_was_typed_comes_back(world: World) -> None:
    card = world.card(await written(world))
    form = await world.alice.click(card, label="Make it a song")
    world.app.service.close()

    answer = await fill(world.alice, form, title="Low Tide", tags="blues", instrumental=["0"])
    assert "just restarting" in private(answer)
    assert await file_of(answer.response) == "Low Tide\nblues"
    answer = await world.alice.click(card, label="Make it a song")
    assert answer.modal is None
    assert "just restarting" in private(answer)


async def test_words_that_became_too_long_while_the_form_was_open_are_not_sung(world: World) -> None:
    task = await written(world)
    form = await world.alice.click(world.card(task), label="Make it a song")
    await world.app.stores.lyrics.edit(task.id, "x" * 5001)

    answer = await fill(world.alice, form, instrumental=["0"])

    assert "these lyrics are 1 over" in private(answer)
    assert len(world.standin.creates) == 1
