"""The delivery ladder where the simulated Discord does not reach: files on disk, odd rows."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.domain.members import Telling
from bot.domain.scene import Scene
from bot.domain.takes import MediaFile
from bot.domain.tasks import Kind, MusicTask, PingStatus, Result, State
from bot.engine.ports import ShowLaterError, Shown
from bot.store.schema import music_tasks
from bot.ui import messenger as delivering
from bot.ui import texts
from bot.ui.attachments import text_file
from bot.ui.messenger import Messenger
from bot.ui.verdicts import Verdict
from bot.ui.words import words_for
from tests.fakes.engine_fakes import SONG
from tests.fakes.rows import START, make_task
from tests.fakes.small_discord import DONE, FakeDiscord, message, reach
from tests.unit.test_verdicts import refusal


async def begin(_posting: str, _channel_id: int) -> None:
    """Nobody remembers it."""


def messenger(client: FakeDiscord, folder: Path = Path("/nowhere")) -> Messenger:
    return Messenger(reach(client), media_dir=folder, forecast=lambda *_: None)


@pytest.mark.parametrize(
    ("sizes", "present", "attached"),
    [
        ((9,), (1,), ["1.mp3"]),
        ((9, 9), (1, 2), ["1.mp3", "2.mp3"]),
        ((9, 11), (1, 2), ["1.mp3"]),
        ((11, 9), (1, 2), ["2.mp3"]),
        ((9, 9), (2,), ["2.mp3"]),
        ((9,), (), []),
    ],
)
async def test_each_take_that_fits_and_is_there_is_attached(
    tmp_path: Path, sizes: tuple[int, ...], present: tuple[int, ...], attached: list[str]
) -> None:
    for take in present:
        (tmp_path / f"1-{take}.mp3").write_bytes(b"x" * 9)
    media = tuple(
        MediaFile(name=f"1-{take}.mp3", shown_as=f"{take}.mp3", size_bytes=size, take=take)
        for take, size in enumerate(sizes, 1)
    )
    client = FakeDiscord()

    shown = await messenger(client, tmp_path).show(
        make_task(**DONE, media=media, attachment_limit_bytes=10), Scene(), Telling.PING, begin
    )

    ((_, payload),) = client.asked
    files = payload.get("attachments", [])
    assert [file.filename for file in files] == attached
    assert shown.files_shown is bool(attached)
    for file in files:
        file.close()


async def test_a_card_that_carries_its_files_is_edited_without_touching_them() -> None:
    client = FakeDiscord()

    await messenger(client).show(make_task(**DONE, files_shown=True), Scene(), Telling.PING, begin)

    assert "attachments" not in client.asked[0][1]


# --- pictures --------------------------------------------------------------------------------------------------------


def song_files(folder: Path, *, takes: int = 1, has_picture: bool = True) -> tuple[MediaFile, ...]:
    """The takes of a song, on disk and in its row."""
    for take in range(1, takes + 1):
        (folder / f"1-{take}.mp3").write_bytes(b"x" * 9)
    if has_picture:
        (folder / "1-1.png").write_bytes(b"p" * 9)
    return tuple(
        MediaFile(
            name=f"1-{take}.mp3",
            shown_as=f"{take}.mp3",
            size_bytes=9,
            duration_s=65.9,
            picture="1-1.png" if take == 1 else None,
            take=take,
        )
        for take in range(1, takes + 1)
    )


def shown_in(payload: dict[str, Any]) -> tuple[str | None, list[str]]:
    """The picture that a card names, and the files that go along."""
    files = payload.get("attachments", payload.get("files", []))
    for file in files:
        file.close()
    return payload["embed"].image.url, [file.filename for file in files]


HAS_PICTURE = "attachment://waveform.png"


async def test_the_picture_goes_along_with_the_song(tmp_path: Path) -> None:
    client = FakeDiscord()

    shown = await messenger(client, tmp_path).show(
        make_task(**DONE, media=song_files(tmp_path)), Scene(), Telling.PING, begin
    )

    assert shown.files_shown
    assert [shown_in(payload) for _, payload in client.asked] == [(HAS_PICTURE, ["1.mp3", "waveform.png"])]


@pytest.mark.parametrize(
    ("changes", "picture_bytes", "files"),
    [
        ({}, None, ["1.mp3"]),
        ({"attachment_limit_bytes": 10}, 11, ["1.mp3"]),
        ({"attachment_limit_bytes": 0}, 9, []),
    ],
    ids=["not there", "too large", "no files allowed"],
)
async def test_a_picture_that_can_not_go_along_is_not_named(
    tmp_path: Path, changes: dict[str, Any], picture_bytes: int | None, files: list[str]
) -> None:
    media = song_files(tmp_path, has_picture=False)
    if picture_bytes is not None:
        (tmp_path / "1-1.png").write_bytes(b"p" * picture_bytes)
    client = FakeDiscord()

    await messenger(client, tmp_path).show(make_task(**DONE, media=media, **changes), Scene(), Telling.PING, begin)

    assert [shown_in(payload) for _, payload in client.asked] == [(None, files)]


@pytest.mark.parametrize(("takes", "picture"), [(9, HAS_PICTURE), (10, None)])
async def test_a_picture_never_takes_the_place_of_a_take(tmp_path: Path, takes: int, picture: str | None) -> None:
    client = FakeDiscord()

    await messenger(client, tmp_path).show(
        make_task(**DONE, media=song_files(tmp_path, takes=takes)), Scene(), Telling.PING, begin
    )

    ((_, payload),) = client.asked
    named, files = shown_in(payload)
    assert named == picture
    assert len(files) == 10
    assert files[:takes] == [f"{take}.mp3" for take in range(1, takes + 1)]


@pytest.mark.parametrize(("takes", "picture"), [(1, HAS_PICTURE), (10, None)])
async def test_a_later_edit_names_the_picture_that_is_there_already(
    tmp_path: Path, takes: int, picture: str | None
) -> None:
    media = song_files(tmp_path, takes=takes)
    client = FakeDiscord()

    await messenger(client, tmp_path / "swept").show(
        make_task(**DONE, media=media, files_shown=True), Scene(), Telling.PING, begin
    )

    ((_, payload),) = client.asked
    assert payload["embed"].image.url == picture
    assert "attachments" not in payload


@pytest.mark.parametrize("error", [refusal(413, 40005), refusal(403, 50013), refusal(400, 50035)])
async def test_a_refused_picture_does_not_cost_the_song(tmp_path: Path, error: Exception) -> None:
    class Choosy(FakeDiscord):
        async def edit(self, **payload: Any) -> Any:
            self.refusals = {"edit": error} if payload["embed"].image.url else {}
            return await super().edit(**payload)

    client = Choosy()

    shown = await messenger(client, tmp_path).show(
        make_task(**DONE, media=song_files(tmp_path)), Scene(), Telling.PING, begin
    )

    assert shown.files_shown
    assert [shown_in(payload) for _, payload in client.asked] == [
        (HAS_PICTURE, ["1.mp3", "waveform.png"]),
        (None, ["1.mp3"]),
    ]


async def test_what_is_refused_with_and_without_its_picture_is_linked(tmp_path: Path) -> None:
    class Small(FakeDiscord):
        async def edit(self, **payload: Any) -> Any:
            self.refusals = {"edit": refusal(413, 40005)} if payload.get("attachments") else {}
            return await super().edit(**payload)

    client = Small()

    shown = await messenger(client, tmp_path).show(
        make_task(**DONE, media=song_files(tmp_path)), Scene(), Telling.PING, begin
    )

    assert not shown.files_shown
    assert [shown_in(payload)[1] for _, payload in client.asked] == [["1.mp3", "waveform.png"], ["1.mp3"], []]


# --- covers ----------------------------------------------------------------------------------------------------------

LINKED = "https://media.example/1.png"
HAS_COVER = "attachment://cover.jpg"


def covered(folder: Path, *covers: str | None, **changes: Any) -> MusicTask:
    """A finished song, the file of each take with that cover."""
    media = song_files(folder, takes=len(covers))
    for name in filter(None, covers):
        (folder / name).write_text(name)
    media = tuple(replace(file, cover=name) for file, name in zip(media, covers, strict=True))
    result = Result(tracks=tuple(replace(SONG.tracks[0], image_url=LINKED) for _ in covers))
    return make_task(**{**DONE, "result": result, "media": media, **changes})


def thumbnail_in(payload: dict[str, Any]) -> tuple[str | None, list[str]]:
    """What a card shows as its thumbnail, and the files that go along."""
    return payload["embed"].thumbnail.url, shown_in(payload)[1]


async def shown_as(task: MusicTask, folder: Path) -> tuple[str | None, list[str]]:
    client = FakeDiscord()
    await messenger(client, folder).show(task, Scene(), Telling.PING, begin)
    ((_, payload),) = client.asked
    return thumbnail_in(payload)


@pytest.mark.parametrize("covers", [["1-1.jpg"], ["1-1.jpg", "1-2.jpg"], [None, "1-2.jpg"]])
async def test_the_cover_of_the_first_take_that_has_one_goes_along(tmp_path: Path, covers: list[str | None]) -> None:
    client = FakeDiscord()

    await messenger(client, tmp_path).show(covered(tmp_path, *covers), Scene(), Telling.PING, begin)

    ((_, payload),) = client.asked
    *_, waveform, cover = payload["attachments"]
    assert cover.fp.read().decode() == next(filter(None, covers))
    assert (waveform.filename, cover.filename) == ("waveform.png", "cover.jpg")
    assert cover.description == "Cover of Slow harbour blues"
    assert thumbnail_in(payload)[0] == HAS_COVER


@pytest.mark.parametrize(
    ("takes", "named"), [(1, [HAS_COVER, "cover.jpg"]), (8, [HAS_COVER, "cover.jpg"]), (9, [LINKED]), (10, [LINKED])]
)
async def test_a_cover_never_takes_the_place_of_a_take_or_a_waveform(
    tmp_path: Path, takes: int, named: list[str]
) -> None:
    thumbnail, files = await shown_as(covered(tmp_path, *["1-1.jpg"] * takes), tmp_path)
    assert [thumbnail, *files[-1:]][: len(named)] == named
    assert len(files) == min(takes + 2, 10)


@pytest.mark.parametrize(("is_here", "limit_bytes"), [(False, 100), (True, 6)])
async def test_a_cover_that_can_not_go_along_is_left_to_discord(
    tmp_path: Path, limit_bytes: int, *, is_here: bool
) -> None:
    task = covered(tmp_path, "1-1.jpg", attachment_limit_bytes=limit_bytes)
    if not is_here:
        (tmp_path / "1-1.jpg").unlink()
    thumbnail, files = await shown_as(task, tmp_path)
    assert thumbnail == LINKED
    assert "cover.jpg" not in files


@pytest.mark.parametrize(("cover", "thumbnail"), [("1-1.jpg", HAS_COVER), (None, LINKED)])
async def test_a_later_edit_names_the_cover_that_is_there_already(
    tmp_path: Path, cover: str | None, thumbnail: str
) -> None:
    client = FakeDiscord()

    await messenger(client, tmp_path / "swept").show(
        covered(tmp_path, cover, files_shown=True), Scene(), Telling.PING, begin
    )

    ((_, payload),) = client.asked
    assert payload["embed"].thumbnail.url == thumbnail
    assert "attachments" not in payload


async def test_a_later_edit_still_links_the_take_that_does_not_fit(tmp_path: Path) -> None:
    task = covered(tmp_path, None, None, files_shown=True, attachment_limit_bytes=9)
    client = FakeDiscord()

    large = (task.media[0], replace(task.media[1], size_bytes=10))
    await messenger(client, tmp_path).show(replace(task, media=large), Scene(), Telling.PING, begin)

    ((_, payload),) = client.asked
    assert f"Take 2: {texts.LINK_ONLY}" in payload["embed"].description


async def test_a_refused_cover_does_not_cost_the_song(tmp_path: Path) -> None:
    class Choosy(FakeDiscord):
        async def edit(self, **payload: Any) -> Any:
            is_ours = payload["embed"].thumbnail.url == HAS_COVER
            self.refusals = {"edit": refusal(413, 40005)} if is_ours else {}
            return await super().edit(**payload)

    client = Choosy()

    shown = await messenger(client, tmp_path).show(covered(tmp_path, "1-1.jpg"), Scene(), Telling.PING, begin)

    assert shown.files_shown
    assert [thumbnail_in(payload) for _, payload in client.asked] == [
        (HAS_COVER, ["1.mp3", "waveform.png", "cover.jpg"]),
        (LINKED, ["1.mp3"]),
    ]


# --- files that do not get through -----------------------------------------------------------------------------------


def close_files(*clients: FakeDiscord) -> None:
    """What discord.py does once it has sent them, or failed to."""
    for client in clients:
        for _, payload in client.asked:
            if "embed" in payload:
                shown_in(payload)


async def test_a_card_whose_files_fail_twice_is_shown_with_links_and_owes_them(tmp_path: Path) -> None:
    client = FakeDiscord()
    client.refuse_files = refusal(503, 0)
    media = song_files(tmp_path)

    with pytest.raises(ShowLaterError):
        await messenger(client, tmp_path).show(make_task(**DONE, media=media), Scene(), Telling.PING, begin)
    shown = await messenger(client, tmp_path).show(
        make_task(**DONE, media=media, show_failures=1), Scene(), Telling.PING, begin
    )

    assert shown == Shown(files_owed=True)
    assert [shown_in(payload)[1] for _, payload in client.asked] == [["1.mp3", "waveform.png"]] * 2 + [[]]
    said = client.asked[-1][1]["embed"].description
    assert "still trying to attach" in said
    assert "too large" not in said


async def test_an_upload_that_hangs_counts_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(FakeDiscord):
        async def edit(self, **payload: Any) -> Any:
            if payload.get("attachments"):
                shown_in(payload)
                await asyncio.Event().wait()
            return await super().edit(**payload)

    monkeypatch.setattr(delivering, "UPLOAD_S", 0.01)
    task = make_task(**DONE, media=song_files(tmp_path), show_failures=1)

    assert await messenger(Hanging(), tmp_path).show(task, Scene(), Telling.PING, begin) == Shown(files_owed=True)


async def test_an_outage_of_everything_shows_no_bare_card(tmp_path: Path) -> None:
    client = FakeDiscord(edit=refusal(503, 0))
    task = make_task(**DONE, media=song_files(tmp_path), show_failures=5)

    with pytest.raises(ShowLaterError):
        await messenger(client, tmp_path).show(task, Scene(), Telling.PING, begin)
    client.refusals.clear()

    assert await messenger(client, tmp_path).show(task, Scene(), Telling.PING, begin) == Shown(files_shown=True)
    close_files(client)


async def test_long_lyrics_whose_file_fails_are_shown_all_the_same() -> None:
    client = FakeDiscord()
    client.refuse_files = refusal(503, 0)
    words = make_task(**{**DONE, "kind": Kind.LYRICS, "result": Result(lyrics=LONG)}, show_failures=1)

    assert await messenger(client).show(words, Scene(), Telling.PING, begin) == Shown(files_owed=True)
    close_files(client)


async def test_a_new_card_goes_without_files_that_fail_and_a_direct_message_owes_none(tmp_path: Path) -> None:
    class NoFiles(FakeDiscord):
        async def send(self, **payload: Any) -> Any:
            self.refusals = {"send": refusal(503, 0)} if payload.get("files") else {}
            return await super().send(**payload)

    media = song_files(tmp_path)
    task = make_task(**DONE, media=media, show_failures=1, message_id=None)
    there, client = NoFiles(), NoFiles()
    anew = await messenger(there, tmp_path).show(task, Scene(), Telling.PING, begin)
    direct = await messenger(client, tmp_path).show(replace(task, card_lost="no_channel"), Scene(), Telling.PING, begin)

    assert (anew.replacement, anew.files_owed, anew.told) == ((700, 42), True, True)
    assert (direct.lost, direct.files_owed, direct.told) == ("no_channel", False, True)
    assert "still trying" not in client.asked[-1][1]["embed"].description
    close_files(there, client)


@pytest.mark.parametrize(
    ("error", "attached"), [(None, True), (refusal(413, 40005), False), (refusal(403, 50013), False)]
)
async def test_owed_files_are_attached_or_given_up(tmp_path: Path, error: Exception | None, *, attached: bool) -> None:
    client = FakeDiscord()
    client.refuse_files = error
    task = make_task(**DONE, media=song_files(tmp_path), attach_after=START)

    assert await messenger(client, tmp_path).attach(task, Scene()) is attached

    assert "still trying" not in client.asked[-1][1]["embed"].description
    close_files(client)


async def test_owed_files_that_fail_again_change_nothing(tmp_path: Path) -> None:
    client = FakeDiscord()
    client.refuse_files = refusal(503, 0)
    task = make_task(**DONE, media=song_files(tmp_path), attach_after=START, show_failures=9)

    with pytest.raises(ShowLaterError):
        await messenger(client, tmp_path).attach(task, Scene())

    assert len(client.asked) == 1
    close_files(client)


async def test_files_of_a_card_that_is_gone_are_given_up(tmp_path: Path) -> None:
    client = FakeDiscord(edit=refusal(404, 10008))

    assert not await messenger(client, tmp_path).attach(make_task(**DONE, media=song_files(tmp_path)), Scene())
    close_files(client)


# --- descriptions ----------------------------------------------------------------------------------------------------


async def test_every_file_is_described_for_those_who_do_not_see_it(tmp_path: Path) -> None:
    client = FakeDiscord()
    media = song_files(tmp_path)

    for title in ("Low Tide", "x" * 2000):
        await messenger(client, tmp_path).show(
            make_task(**DONE, title=title, media=media), Scene(), Telling.PING, begin
        )

    short, long = ([file.description for file in payload["attachments"]] for _, payload in client.asked)
    for _, payload in client.asked:
        shown_in(payload)
    assert short == ["Low Tide, 1:05", "Waveform of Low Tide"]
    assert [len(text) for text in long] == [1024, 1024]
    assert long[0].endswith("x, 1:05")


async def test_a_mistake_of_ours_is_not_taken_for_an_answer_of_discord() -> None:
    client = FakeDiscord(edit=TypeError("bug"))

    with pytest.raises(TypeError):
        await messenger(client).show(make_task(**DONE), Scene(), Telling.PING, begin)


async def test_a_song_without_a_card_gets_one_in_the_channel() -> None:
    client = FakeDiscord()

    shown = await messenger(client).show(make_task(**DONE, message_id=None), Scene(), Telling.PING, begin)

    assert shown == Shown(replacement=(700, 42), told=True)
    assert client.names() == ["send"]


@pytest.mark.parametrize(("telling", "told"), [(Telling.DM, False), (Telling.SILENT, True)])
@pytest.mark.parametrize("message_id", [7001, None])
async def test_a_new_card_mentions_only_whoever_wants_to_be_told_so(
    telling: Telling, *, told: bool, message_id: int | None
) -> None:
    client = FakeDiscord(edit=refusal(400, 50083))

    shown = await messenger(client).show(make_task(**DONE, message_id=message_id), Scene(), telling, begin)

    assert shown == Shown(replacement=(700, 42), told=told)
    assert "<@" not in client.asked[-1][1]["content"]


@pytest.mark.parametrize("state", [State.RUNNING, State.EXPIRED, State.CANCELLED])
async def test_a_lost_card_is_not_looked_for_again_before_there_is_something_to_tell(state: State) -> None:
    client = FakeDiscord()

    shown = await messenger(client).show(make_task(state=state, card_lost="no_channel"), Scene(), Telling.PING, begin)

    assert (shown, client.asked) == (Shown(lost="no_channel"), [])


def card_id(age: timedelta) -> int:
    return discord.utils.time_snowflake(START - age)


@pytest.mark.parametrize(
    ("state", "age"),
    [(State.COMPLETED, timedelta(minutes=59)), (State.RUNNING, timedelta(hours=2))],
)
async def test_how_long_to_wait_is_taken_from_discord(state: State, age: timedelta) -> None:
    client = FakeDiscord(edit=discord.RateLimited(77.0))

    with pytest.raises(ShowLaterError) as caught:
        await messenger(client).show(make_task(state=state, message_id=card_id(age)), Scene(), Telling.PING, begin)

    assert caught.value.retry_after_s == 77.0


async def test_an_old_card_that_may_not_be_edited_for_long_gets_a_new_message() -> None:
    client = FakeDiscord(edit=discord.RateLimited(77.0))

    shown = await messenger(client).show(
        make_task(**DONE, message_id=card_id(timedelta(hours=2))), Scene(), Telling.PING, begin
    )

    assert shown == Shown(replacement=(700, 42), told=True)


async def test_a_card_is_not_given_up_while_the_bots_own_token_is_refused() -> None:
    client = FakeDiscord(edit=refusal(401, 0))

    with pytest.raises(ShowLaterError):
        await messenger(client).show(make_task(**DONE), Scene(), Telling.PING, begin)

    assert client.names() == ["edit"]


# --- lost cards ------------------------------------------------------------------------------------------------------


async def test_a_song_whose_card_is_lost_waits_for_its_audio() -> None:
    client = FakeDiscord()
    lost = make_task(**DONE, card_lost="no_channel", media_wanted=True)

    with pytest.raises(ShowLaterError):
        await messenger(client).show(lost, Scene(), Telling.PING, begin)

    assert client.asked == []


@pytest.mark.parametrize("failures", [0, 3])
async def test_what_is_delivered_again_waits_until_its_audio_was_tried_for(failures: int) -> None:
    long_ago = {"state_at": START - timedelta(days=9), "media_failures": failures}
    lost = make_task(**{**DONE, **long_ago}, card_lost="no_channel", media_wanted=True)

    with pytest.raises(ShowLaterError):
        await messenger(FakeDiscord()).show(lost, Scene(), Telling.PING, begin)


@pytest.mark.parametrize(("waited", "state"), [(timedelta(hours=1), State.COMPLETED), (timedelta(0), State.FAILED)])
async def test_nobody_waits_for_audio_for_ever(waited: timedelta, state: State) -> None:
    lost: dict[str, Any] = {"card_lost": "no_channel", "media_wanted": True, "media_failures": 4}
    task = make_task(state=state, state_at=START - waited, **lost)

    assert (await messenger(FakeDiscord()).show(task, Scene(), Telling.PING, begin)).told


@pytest.mark.parametrize("reason", ["no_channel", "no_channel+no_dm"])
async def test_what_comes_after_the_direct_message_is_not_told_again(reason: str) -> None:
    client = FakeDiscord()
    told: dict[str, Any] = {"pinged_for": State.COMPLETED, "ping_status": PingStatus.DONE}

    shown = await messenger(client).show(make_task(**DONE, card_lost=reason, **told), Scene(), Telling.PING, begin)

    assert (shown, client.asked) == (Shown(lost=reason), [])


async def test_another_outcome_is_told_and_the_reason_does_not_grow() -> None:
    client = FakeDiscord(create_dm=refusal(403, 50007))
    told: dict[str, Any] = {"pinged_for": State.UNCERTAIN, "ping_status": PingStatus.DONE}

    shown = await messenger(client).show(
        make_task(**DONE, card_lost="no_channel+no_dm", **told), Scene(), Telling.PING, begin
    )

    assert shown == Shown(lost="no_channel+no_dm")


def test_every_reason_fits_its_column() -> None:
    longest = max(len(verdict.name) for verdict in Verdict)

    kept: Any = music_tasks.c.card_lost.type
    assert 2 * longest + 1 <= kept.length


async def test_a_message_that_is_repeated_has_the_same_name_and_one_that_is_delivered_again_another() -> None:
    client = FakeDiscord()
    for revision, deliveries in ((3, 0), (4, 0), (5, 1)):
        task = make_task(**DONE, card_lost="no_channel", revision=revision, deliveries=deliveries)
        await messenger(client).show(task, Scene(), Telling.PING, begin)

    first, again, anew = (payload["nonce"] for name, payload in client.asked if name == "send")
    assert first == again != anew


# --- new cards that may have been sent -------------------------------------------------------------------------------

HERE, ELSEWHERE = 700, 701
SENDING: dict[str, Any] = {**DONE, "revision": 3, "posting": "rc0-1", "posting_in": HERE, "posting_at": START}


async def test_a_new_message_is_marked_by_its_name_and_place_before_it_is_sent() -> None:
    client = FakeDiscord(edit=refusal(400, 50083))
    begun: list[tuple[str, int, list[str]]] = []

    async def note(posting: str, channel_id: int) -> None:
        begun.append((posting, channel_id, client.names()))

    await messenger(client).show(make_task(**DONE), Scene(), Telling.PING, note)

    assert begun == [("rc0-1", HERE, ["edit"])]
    assert client.asked[-1][1]["nonce"] == "rc0-1"


@pytest.mark.parametrize(("telling", "told"), [(Telling.PING, True), (Telling.DM, False), (Telling.SILENT, True)])
async def test_a_new_card_that_was_sent_is_the_card_and_not_sent_again(telling: Telling, *, told: bool) -> None:
    client = FakeDiscord()
    client.messages = [message(), message(author=2, shows=1), message(shows=11), sent := message(shows=1)]

    shown = await messenger(client).show(make_task(**SENDING), Scene(), telling, begin)

    assert shown == Shown(replacement=(HERE, sent.id), told=told)
    assert client.names() == ["history", "edit"]
    assert client.edited == [sent.id]


async def test_a_new_card_that_told_of_something_else_is_edited_and_its_member_told_anew() -> None:
    client = FakeDiscord()
    client.messages = [sent := message(shows=1)]
    task = make_task(**{**SENDING, "posting": "ru0-1"})

    assert await messenger(client).show(task, Scene(), Telling.PING, begin) == Shown(replacement=(HERE, sent.id))


async def test_a_new_card_that_keeps_its_files_is_edited_without_them(tmp_path: Path) -> None:
    client = FakeDiscord()
    client.messages = [message(shows=1, attachments=["a file"])]

    shown = await messenger(client, tmp_path).show(
        make_task(**SENDING, media=song_files(tmp_path)), Scene(), Telling.PING, begin
    )

    assert shown.files_shown
    assert "attachments" not in client.asked[-1][1]


async def test_what_was_proven_unsent_is_sent() -> None:
    client = FakeDiscord(edit=refusal(400, 50083))
    client.messages = [message(answers=7001), message(author=2, shows=1)]

    shown = await messenger(client).show(make_task(**SENDING), Scene(), Telling.PING, begin)

    assert (shown.replacement, client.names()) == ((HERE, 42), ["history", "edit", "send"])


async def test_where_nobody_can_look_no_second_card_is_posted() -> None:
    client = FakeDiscord(edit=refusal(400, 50083), history=refusal(403, 50001))

    shown = await messenger(client).show(make_task(**SENDING), Scene(), Telling.PING, begin)

    assert (shown.lost, shown.told) == ("archived", True)
    assert client.names()[-2:] == ["create_dm", "send"]


async def test_a_direct_message_that_was_sent_is_not_repeated() -> None:
    client = FakeDiscord()
    client.messages = [sent := message(shows=1)]
    task = make_task(**{**SENDING, "posting_in": ELSEWHERE})

    shown = await messenger(client).show(task, Scene(), Telling.PING, begin)

    assert shown == Shown(lost="no_channel", replacement=(HERE, sent.id), told=True)
    assert client.names() == ["create_dm", "history"]


# --- the way by the token --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [refusal(429, 0), refusal(503, 0), TimeoutError(), refusal(404, 10015)])
async def test_a_token_that_does_not_get_through_leaves_the_edit_to_the_channel(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any, **__: Any) -> Any:
        raise error

    webhook = SimpleNamespace(edit_message=refuse)
    monkeypatch.setattr(discord.Webhook, "partial", lambda *_, **__: webhook)
    client = FakeDiscord()
    task = make_task(**{**DONE, "interaction_token": "token", "token_at": START})

    assert await messenger(client).show(task, Scene(), Telling.PING, begin) == Shown()

    assert client.names() == ["edit"]


# --- lyrics that were changed by hand --------------------------------------------------------------------------------

LONG, OTHER_LONG = "long line\n" * 400, "other line\n" * 400


def edited(text: str | None, **changes: Any) -> MusicTask:
    words: dict[str, Any] = {"kind": Kind.LYRICS, "result": Result(lyrics=LONG), "edited_lyrics": text}
    return make_task(**{**DONE, **words, **changes})


async def read(client: FakeDiscord, number: int = 0) -> list[bytes] | None:
    """What the files of an edit hold; None where it left them alone."""
    files = client.asked[number][1].get("attachments")
    return None if files is None else [file.fp.read() for file in files]


@pytest.mark.parametrize(
    ("task", "files"),
    [
        (edited(None), [LONG.encode()]),
        (edited(OTHER_LONG), [OTHER_LONG.encode()]),
        (edited("short"), []),
        (edited(OTHER_LONG, files_shown=True), None),
        (edited("short", files_shown=True), None),
        (edited(None, result=Result(lyrics="short")), None),
    ],
)
async def test_a_changed_text_takes_the_place_of_its_file(task: MusicTask, files: list[bytes] | None) -> None:
    client = FakeDiscord()

    shown = await messenger(client).show(task, Scene(), Telling.PING, begin)

    assert await read(client) == files
    assert shown.files_shown is bool(files)


async def test_where_the_new_file_is_refused_the_old_one_goes_all_the_same() -> None:
    client = FakeDiscord()
    client.refuse_files = refusal(403, 50013)

    shown = await messenger(client).show(edited(OTHER_LONG), Scene(), Telling.PING, begin)

    assert await read(client, 1) == []
    assert not shown.files_shown
    assert "shows it page by page" in client.asked[1][1]["embed"].description


# --- small things ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "name"),
    [("Low Tide", "Low Tide.txt"), ("../../etc", "etc.txt"), ("???", "lyrics.txt"), ("x" * 99, "x" * 60 + ".txt")],
)
def test_a_file_of_lyrics_has_a_harmless_name(title: str, name: str) -> None:
    file = text_file(make_task(title=title, result=Result(lyrics="la")), "la", words_for("en-US"))

    assert (file.filename, file.fp.read()) == (name, b"la")


def test_a_file_of_lyrics_is_described_in_the_language_of_whoever_gets_it() -> None:
    task = make_task(locale="ja", result=Result(lyrics="la"))

    assert text_file(task, "la", words_for("de")).description == "Der ganze Songtext"
