"""An opened card keeps within Discord's limits and speaks its owner's language."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.domain.scene import Family, Scene
from bot.domain.takes import Track
from bot.domain.tasks import Kind, Result, State
from bot.ui import texts
from bot.ui.card import Card, Press
from bot.ui.opening import Music, music_of, opened_card
from bot.ui.words import words_for
from tests.fakes.engine_fakes import SONG
from tests.fakes.rows import make_task
from tests.fakes.small_discord import FakeDiscord
from tests.unit.test_cards import URL, assert_discord_takes, labels_of

ENGLISH = words_for("en-US")
DONE = make_task(state=State.COMPLETED, result=SONG)


def opened(
    music: Music | None = None, scene: Scene | None = None, *, may_attach: bool = True, **changes: Any
) -> tuple[str, Card]:
    task = replace(DONE, **changes)
    return opened_card(task, scene or Scene(), None, music or Music(), ENGLISH, may_attach=may_attach)


@pytest.mark.parametrize("length", [512, 513, 1800, 1801, 4096])
@pytest.mark.parametrize("source", [texts.FROM_MESSAGE, texts.FROM_PROVIDER])
def test_addresses_of_any_length_fit(length: int, source: str) -> None:
    urls = [f"{URL}?{number}".ljust(length, "x") for number in range(10)]
    tracks = tuple(Track(audio_url=url, video_url=url) for url in urls)

    said, card = opened(
        Music(links=[(n, url, source) for n, url in enumerate(urls, 1)]),
        result=Result(tracks=tracks),
        prompt="*" * 5000,
    )

    assert len(said) <= 2000
    assert said.startswith(source)
    assert_discord_takes(card)


@pytest.mark.parametrize(
    ("changes", "scene", "offers"),
    [
        ({}, Scene(), {"Go to the card", "Delete"}),
        ({"card_lost": "no_channel"}, Scene(), {"Delete"}),
        ({"message_id": None}, Scene(), {"Delete"}),
        ({"parent_id": 1}, Scene(), {"Go to the card", "Family", "Delete"}),
        ({}, Scene(family=Family(children=(DONE,))), {"Go to the card", "Family", "Delete"}),
        ({"state": State.RUNNING}, Scene(), {"Go to the card"}),
        ({"state": State.UNCERTAIN}, Scene(), {"Go to the card"}),
        ({"kind": Kind.LYRICS, "result": Result(lyrics="la")}, Scene(), {"Go to the card", "Delete"}),
    ],
)
def test_an_opened_card_offers_what_is_its_owners(changes: dict[str, Any], scene: Scene, offers: set[str]) -> None:
    _, card = opened(scene=scene, **changes)

    assert offers <= set(labels_of(card))
    assert {"Go to the card", "Family", "Delete"} - offers == {"Go to the card", "Family", "Delete"} - set(
        labels_of(card)
    )


def test_several_takes_are_numbered() -> None:
    urls = [URL, f"{URL}?2"]
    links = [(number, url, texts.FROM_MESSAGE) for number, url in enumerate(urls, 1)]

    said, card = opened(Music(links=links), result=Result(tracks=tuple(Track(audio_url=url) for url in urls)))

    assert said == texts.FROM_MESSAGE
    assert [(one.label, one.url) for one in card.buttons if one.url in urls] == [
        ("Listen: Take 1", URL), ("Listen: Take 2", f"{URL}?2"),
    ]  # fmt: skip


def test_what_is_said_of_one_take_names_it() -> None:
    links = [(1, URL, texts.FETCHED_ANEW), (3, f"{URL}?3", texts.FROM_MESSAGE)]
    tracks = tuple(Track(audio_url=f"{URL}?{number}") for number in (1, 2, 3))

    said, _ = opened(Music(links=links), result=Result(tracks=tracks))

    assert said == f"Take 1: {texts.FETCHED_ANEW}\nTake 3: {texts.FROM_MESSAGE}"


def test_an_opened_card_is_deleted_only_after_a_question() -> None:
    _, card = opened()

    assert [button.press for button in card.buttons if button.label == "Delete"] == [Press.DELETE]


@pytest.mark.parametrize(("may_attach", "words"), [(True, "in the file"), (False, "shows it page by page")])
def test_long_lyrics_say_whether_their_file_goes_along(*, may_attach: bool, words: str) -> None:
    _, card = opened(kind=Kind.LYRICS, result=Result(lyrics="la\n" * 3000), may_attach=may_attach)

    assert words in (card.embed.description or "")


def test_a_song_without_its_file_does_not_say_twice_where_it_comes_from() -> None:
    _, card = opened(Music(links=[(1, URL, texts.FROM_PROVIDER)]), may_attach=False)

    assert "TokenLab" not in (card.embed.description or "")


# --- the cover -------------------------------------------------------------------------------------------------------

SIGNED = "https://cdn.discordapp.com/attachments/1/2/cover.jpg?ex=1&is=2&hm=3"
PROVIDERS = "https://media.example/1.png"


@pytest.mark.parametrize(
    ("embeds", "shown"),
    [
        ([discord.Embed().set_thumbnail(url=SIGNED)], SIGNED),
        ([discord.Embed()], PROVIDERS),
        ([], PROVIDERS),
        ([discord.Embed().set_thumbnail(url="attachment://cover.jpg")], PROVIDERS),
    ],
)
async def test_without_our_own_file_the_cover_is_what_the_card_shows(
    tmp_path: Path, embeds: list[discord.Embed], shown: str
) -> None:
    audio = SimpleNamespace(url=URL, content_type="audio/mpeg")
    client: Any = FakeDiscord()
    client.messages = [SimpleNamespace(attachments=[audio], embeds=embeds)]
    tracks = (Track(audio_url=URL, image_url=PROVIDERS),)
    task = replace(DONE, result=Result(tracks=tracks), files_shown=True)

    music = await music_of(task, [(1, 2)], client, tmp_path, limit_bytes=100)

    assert [url for _, url, _ in music.links] == [URL]
    assert opened(music, result=Result(tracks=tracks))[1].embed.thumbnail.url == shown
