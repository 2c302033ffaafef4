"""What the media host really gives: files of all kinds, some too large for their place, some only half there."""

from collections.abc import Callable

import pytest

from bot.domain.media import SHORT_TRIES
from bot.domain.tasks import MusicTask, State
from bot.sound.kinds import AudioKind
from tests.behaviour.conftest import World, files_of, labels, private, text_of
from tests.behaviour.test_moderating import FINISHED, done, panel
from tests.behaviour.test_songs import empty_media, opened
from tests.fakes.sounds import ODD, sample
from tests.fakes.standin_api import OneTune

AN_HOUR_S = 3600


def serve(monkeypatch: pytest.MonkeyPatch, *bodies: bytes) -> None:
    """Let the media host give these one after the other; the last one stays."""
    left = list(bodies)
    serve_by_name(monkeypatch, lambda _: left.pop(0) if len(left) > 1 else left[0])


def serve_by_name(monkeypatch: pytest.MonkeyPatch, body_of: Callable[[str], bytes]) -> None:
    """Let the media host give each file what a function says."""

    async def body(_: object, name: str, *_rest: object) -> bytes:
        return body_of(name)

    monkeypatch.setattr(OneTune, "audio", body)


async def delivered(world: World) -> MusicTask:
    """The song once its audio is there or given up."""
    await world.song(title="Low Tide")
    for _ in range(SHORT_TRIES + 1):
        if not (await world.task()).media_wanted:
            break
        await world.advance(AN_HOUR_S / 2)
    return await world.task()


@pytest.mark.parametrize("shape", ["ADTS", "WebM", "FLAC from a pipe", "a variable bit rate, no Xing", "RF64"])
async def test_a_song_of_any_shape_is_attached_with_its_length_and_picture(
    world: World, monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    make, kind, _ = ODD[shape]
    serve(monkeypatch, make())

    card = world.card(await delivered(world))

    assert files_of(card) == [f"Low Tide.{kind}"]
    assert "0:08 long" in text_of(card)
    assert card.embeds[0].image.url == "attachment://waveform.png"


async def test_a_song_over_the_limit_is_attached_made_to_fit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, sample(AudioKind.WAV))
    task = await world.asked(title="Low Tide")
    await world.write(task.id, attachment_limit_bytes=100_000)

    await world.until(State.COMPLETED)
    await world.turn()

    card = world.card(await world.task())
    assert files_of(card) == ["Low Tide.ogg"]
    assert "too large to attach here, so the file is Opus at 96 kbit/s" in text_of(card)
    assert "Original" in labels(card)
    assert len(world.pings()) == 1


async def test_half_a_song_is_fetched_again_until_it_is_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sample(AudioKind.MP3)
    serve(monkeypatch, whole[: len(whole) // 2], whole[: len(whole) * 2 // 3], whole)

    task = await delivered(world)

    card = world.card(task)
    assert "0:08 long" in text_of(card)
    assert "ends early" not in text_of(card)
    assert files_of(card) == ["Low Tide.mp3"]
    assert (task.media_failures, len(world.standin.creates), len(world.pings())) == (2, 1, 1)


async def test_a_song_that_stays_half_is_delivered_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sample(AudioKind.MP3)
    serve(monkeypatch, whole[: len(whole) // 2])

    task = await delivered(world)

    card = world.card(task)
    assert files_of(card) == ["Low Tide.mp3"]
    assert "0:03 long" in text_of(card)
    assert "ends early: it should be 0:08 long" in text_of(card)
    assert (task.media_failures, len(world.standin.creates), len(world.pings())) == (SHORT_TRIES, 1, 1)
    beyond = await world.alice.slash(world.channel, "continue", song="1", at="9")
    assert "only 0:08 long" in private(beyond)
    assert not (await world.alice.slash(world.channel, "continue", song="1", at="6")).response.ephemeral


async def test_a_second_take_that_stays_half_neither_holds_up_the_first_one_nor_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sample(AudioKind.MP3)
    serve_by_name(monkeypatch, lambda name: whole if name.endswith("-1.mp3") else whole[: len(whole) // 2])
    await world.asked(title="Low Tide")
    await world.turn()
    world.standin.faults.on_status("completed_two_tracks")
    world.standin.finish(world.standin.creates[0].id)
    task = await world.until(State.COMPLETED)
    await world.turn()

    first = world.card(task)
    assert files_of(first) == ["Low Tide (take 1).mp3"]
    assert "ends early" not in text_of(first)
    for _ in range(SHORT_TRIES):
        await world.advance(100)

    task = await world.task()
    card = world.card(task)
    assert files_of(card) == ["Low Tide (take 1).mp3", "Low Tide (take 2).mp3"]
    assert "Take 1: 0:08 · Take 2: 0:03" in text_of(card)
    assert "Take 2: The file ends early: it should be 0:08 long" in text_of(card)
    assert not task.media_wanted
    names = [path.rpartition("-")[2] for path in world.standin.downloads]
    assert (names.count("1.mp3"), names.count("2.mp3")) == (1, SHORT_TRIES + 1)
    assert (len(world.standin.creates), len(world.pings())) == (1, 1)


async def test_half_a_song_has_its_own_tries_behind_those_that_the_host_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sample(AudioKind.MP3)
    serve(monkeypatch, *[whole] * (SHORT_TRIES + 1), whole[: len(whole) // 2], whole)
    world.standin.faults.on_media("not_found", times=SHORT_TRIES + 1)
    task = await world.song(title="Low Tide")
    for _ in range(SHORT_TRIES + 2):
        await world.advance(300)

    task = await world.task()
    assert files_of(world.card(task)) == ["Low Tide.mp3"]
    assert "ends early" not in text_of(world.card(task))
    assert task.media_failures == SHORT_TRIES + 2


@pytest.mark.parametrize("is_here", [True, False])
@pytest.mark.parametrize("by", ["its member", "a moderator"])
async def test_a_song_that_ended_early_is_fetched_anew_once_it_is_wanted_again(
    world: World, monkeypatch: pytest.MonkeyPatch, by: str, *, is_here: bool
) -> None:
    whole = sample(AudioKind.MP3)
    serve(monkeypatch, whole[: len(whole) // 2])
    task = await delivered(world)
    assert "ends early" in text_of(world.card(task))
    if not is_here:
        empty_media(world)
    serve(monkeypatch, whole)

    if by == "its member":
        shown = await opened(world, task)
        assert "ends early" in text_of(shown)
    else:
        await done(world.mo, await panel(world, world.mo, lane=FINISHED), "Deliver again", "Yes, deliver it")
    await world.advance(2)

    card = world.card(await world.task())
    assert files_of(card) == ["Low Tide.mp3"]
    assert "0:08 long" in text_of(card)
    assert "ends early" not in text_of(card)
    assert not (await world.task()).media_wanted
