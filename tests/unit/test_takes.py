"""Takes as members see them: each with its name, its length, its file or its link."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.scene import Scene
from bot.domain.takes import MediaFile, TakeTries, Track
from bot.domain.tasks import Kind, MusicTask, Result, State
from bot.ui import texts
from bot.ui.attachments import attachable, audio_files, picture_files
from bot.ui.card import Card
from bot.ui.cards import render
from bot.ui.words import words_for
from tests.fakes.rows import START, make_task
from tests.unit.test_cards import assert_discord_takes

DUET = Result(tracks=tuple(Track(audio_url=f"https://m.example/{take}.mp3", audio_id=f"c{take}") for take in (1, 2)))


def file_of(take: int, **changes: Any) -> MediaFile:
    return replace(
        MediaFile(
            name=f"1-{take}.mp3", shown_as=f"Low Tide (take {take}).mp3", size_bytes=9, duration_s=150.9 + take * 10,
            picture=f"1-{take}.png", take=take,
        ),
        **changes,
    )  # fmt: skip


BOTH = (file_of(1), file_of(2))


def duet(**changes: Any) -> MusicTask:
    return make_task(**{"state": State.COMPLETED, "result": DUET, "media": BOTH, "title": "Low Tide", **changes})


def card_of(task: MusicTask, attached: Sequence[int] | None = None) -> tuple[Card, str]:
    card = render(task, Scene(), None, attached=attached)
    assert_discord_takes(card)
    return card, (card.embed.description or "").partition("\n\n")[2]


def links_of(card: Card) -> dict[str, str]:
    return {button.label: button.url for button in card.buttons if button.url}


def test_the_length_of_each_take_is_told_and_nothing_else_where_all_is_well() -> None:
    card, said = card_of(duet())

    assert said == "**Finished.** Take 1: 2:40 · Take 2: 2:50"
    assert links_of(card) == {}


def test_a_song_with_one_take_looks_as_ever() -> None:
    _, said = card_of(duet(result=Result(tracks=DUET.tracks[:1]), media=BOTH[:1]))

    assert said == "**Finished.** 2:40 long."


def test_of_takes_that_are_not_here_the_told_length_is_the_best_there_is() -> None:
    told = replace(DUET, tracks=(replace(DUET.tracks[0], duration_s=99.5), DUET.tracks[1]))

    _, said = card_of(duet(result=told, media=BOTH[1:]), attached=[2])

    assert said.startswith("**Finished.** Take 1: 1:39 · Take 2: 2:50")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"media_wanted": True}, texts.LINK_FOR_NOW),
        ({"media_wanted": True, "media_tries": (TakeTries(take=1, failures=3, after=START),)}, texts.LINK_FOR_NOW),
        ({"media_wanted": True, "media_tries": (TakeTries(take=1, is_over=True),)}, texts.LINK_GONE),
        ({}, texts.LINK_GONE),
    ],
)
def test_a_take_that_is_missing_is_linked_under_its_name_and_the_other_one_is_not(
    changes: dict[str, Any], sentence: str
) -> None:
    card, said = card_of(duet(media=BOTH[1:], **changes), attached=[2])

    assert said == f"**Finished.** Take 2: 2:50\nTake 1: {sentence}"
    assert links_of(card) == {"Listen: Take 1": "https://m.example/1.mp3"}


def test_a_take_that_does_not_fit_is_linked_under_its_name() -> None:
    card, said = card_of(duet(media=(BOTH[0], file_of(2, size_bytes=10**9))), attached=[1])

    assert said.endswith(f"\nTake 2: {texts.LINK_ONLY}")
    assert links_of(card) == {"Listen: Take 2": "https://m.example/2.mp3"}


def test_what_holds_for_all_takes_is_said_once() -> None:
    card, said = card_of(duet(media=(), media_wanted=True), attached=[])

    assert said == f"**Finished.** 2 takes.\n{texts.LINK_FOR_NOW}"
    assert list(links_of(card)) == ["Listen: Take 1", "Listen: Take 2"]


def test_files_that_discord_did_not_take_yet_are_linked_until_then() -> None:
    _, said = card_of(duet(attach_after=START), attached=[])

    assert said.endswith(texts.LINK_UNTIL_ATTACHED)


def test_the_card_says_which_take_ends_early_and_which_was_made_to_fit() -> None:
    media = (file_of(1, duration_s=61.0, whole_s=185.0), file_of(2, name="1-2.ogg", encoded_kbps=96))

    card, said = card_of(duet(media=media))

    assert said == (
        "**Finished.** Take 1: 1:01 · Take 2: 2:50\n"
        "Take 1: The file ends early: it should be 3:05 long.\n"
        "Take 2: The original is too large to attach here, so the file is Opus at 96 kbit/s."
    )
    assert links_of(card) == {"Original: Take 2": "https://m.example/2.mp3"}


def test_two_long_addresses_both_find_their_place() -> None:
    tracks = tuple(replace(track, audio_url=f"{track.audio_url}?{'x' * 900}") for track in DUET.tracks)

    card, said = card_of(duet(result=Result(tracks=tracks), media=(), prompt="*" * 5000), attached=[])

    assert all(f"[Listen: Take {take}]({track.audio_url})" in said for take, track in enumerate(tracks, 1))
    assert links_of(card) == {}


def test_the_names_of_takes_are_translated() -> None:
    card, said = card_of(duet(media=BOTH[1:], locale="ja"), attached=[2])

    assert words_for("ja")("Take {number}", number=2) in said
    assert any("1" in label for label in links_of(card))


def test_a_continuation_says_of_which_take() -> None:
    task = make_task(kind=Kind.CONTINUATION, parent_id=3, parent_take=2)

    assert "continues #3, take 2" in (render(task, Scene(), None).embed.description or "")
    assert "take" not in (render(replace(task, parent_take=None), Scene(), None).embed.description or "")


# --- files -----------------------------------------------------------------------------------------------------------


def on_disk(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"x" * 9)


def test_an_attachment_says_in_its_description_which_take_it_is(tmp_path: Path) -> None:
    on_disk(tmp_path, "1-1.mp3", "1-2.mp3")
    made = [make() for make in audio_files(duet(), BOTH, tmp_path)]

    assert [(one.filename, one.description) for one in made] == [
        ("Low Tide (take 1).mp3", "Low Tide, Take 1, 2:40"), ("Low Tide (take 2).mp3", "Low Tide, Take 2, 2:50"),
    ]  # fmt: skip
    for one in made:
        one.close()


@pytest.mark.parametrize(("there", "pictured"), [((1, 2), "Low Tide (take 1)"), ((2,), "Low Tide (take 2)")])
def test_the_picture_is_that_of_the_first_take_that_goes_along(
    tmp_path: Path, there: Sequence[int], pictured: str
) -> None:
    on_disk(tmp_path, "1-1.png", "1-2.png", *(f"1-{take}.mp3" for take in there))
    task = duet()
    takes = attachable(task, tmp_path, limit_bytes=10)

    (picture,) = [make() for make in picture_files(task, takes, tmp_path, limit_bytes=10).values()]

    assert ([one.take for one in takes], picture.description) == (list(there), f"Waveform of {pictured}")
    picture.close()


# --- what is known of each -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "length_s"),
    [
        ({"media": ()}, [None, None]),
        ({"media": BOTH[1:]}, [None, 170.9]),
        ({"media": (file_of(1, duration_s=9.0, whole_s=20.0), file_of(2, duration_s=None))}, [20.0, None]),
    ],
)
def test_each_take_has_its_own_length(changes: dict[str, Any], length_s: list[float | None]) -> None:
    assert [take.length_s for take in duet(**changes).takes] == length_s


def test_examples_fit_the_shortest_take() -> None:
    assert duet(media=(file_of(1, duration_s=100.0), file_of(2, duration_s=20.0))).inside_s == 10.0
    assert duet(media=()).inside_s == 65.0
