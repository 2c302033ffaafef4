"""What the media host really gives: files of all kinds, some too large for their place, some only half there."""

import pytest

from bot.domain.media import SHORT_TRIES
from bot.domain.tasks import MusicTask, State
from bot.sound.kinds import AudioKind
from tests.behaviour.conftest import OneTune, World, files_of, labels, text_of
from tests.fakes.sounds import ODD, sample

AN_HOUR_S = 3600


def serve(monkeypatch: pytest.MonkeyPatch, *bodies: bytes) -> None:
    """Let the media host give these one after the other; the last one stays."""
    left = list(bodies)

    async def body(*_: object) -> bytes:
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(OneTune, "mp3", body)


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
