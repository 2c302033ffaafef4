"""Versions come and go: members ask for any, get what there is, and read why where they don't."""

import json
import logging
from typing import Any

import pytest
from aiohttp import web

from bot.domain.members import PreferenceChanges
from bot.domain.rules import RuleChanges
from bot.domain.tasks import ErrorCode, State
from bot.domain.versions import Found
from bot.tokenlab.models import VERSIONS
from sandbox.faults import Fault
from tests.behaviour.conftest import World, fill, private, text_of

GONE = {"error": {"message": "mv: chirp-v4 is gone", "type": "invalid_request_error", "param": "mv"}}


def sent(world: World) -> list[str]:
    """The versions of all creates that reached TokenLab, taken or not."""
    return [seen.body["mv"] for seen in world.standin.requests if seen.method == "POST"]


def notes(answer: Any) -> list[str]:
    """What only whoever asked has read beside the answer."""
    return [message.content for message in answer.followups]


@pytest.mark.parametrize("names_mv", [True, False])
async def test_a_version_that_was_retired_gives_way_and_the_song_is_made(world: World, names_mv: bool) -> None:  # noqa: FBT001 -- a column of the table
    world.standin.retired.versions |= {"chirp-v4", "chirp-v3-5", "chirp-v6"}
    world.standin.retired.names_mv = names_mv

    task = await world.song()

    assert sent(world) == ["chirp-v4", "chirp-v3-5", "chirp-v6", "chirp-v5-5"]
    assert [create.body["mv"] for create in world.standin.creates] == ["chirp-v5-5"]
    assert "chirp-v5-5" in text_of(world.card(task))
    await world.song("Another")
    assert sent(world)[4:] == ["chirp-v5-5"]


async def test_after_a_restart_what_was_taken_goes_first(world: World) -> None:
    world.standin.retired.versions.add("chirp-v4")
    await world.song()
    await world.restart()

    await world.song("Another")

    assert sent(world) == ["chirp-v4", "chirp-v3-5", "chirp-v3-5"]


async def test_a_version_that_goes_while_wishes_wait_loses_none(world: World) -> None:
    asked = [await world.asked(f"Song {number}", by=who) for number in range(3) for who in (world.alice, world.bob)]
    world.standin.retired.versions |= {"chirp-v4"}

    for task in asked:
        await world.until(State.COMPLETED, task.id, step_s=16)

    assert len(world.standin.creates) == len(asked)


async def test_a_chosen_version_that_is_refused_is_named_and_another_one_offered(world: World) -> None:
    world.standin.retired.versions.add("chirp-v5")
    asked = await world.asked(version="chirp-v5")
    task = await world.until(State.FAILED, asked.id)

    assert (task.error_code, task.version_offered) == (ErrorCode.VERSION_UNAVAILABLE, "chirp-v4")
    shown = text_of(world.card(task))
    assert "The version chirp-v5 is not available. **Again** makes it with chirp-v4. Nothing was charged" in shown
    assert "model" not in shown.lower().replace("suno-music", "")
    question = await world.alice.click(world.card(task), label="Again")
    await world.alice.click(question.response, label="Start")
    again = await world.until(State.COMPLETED, 2, step_s=16)

    assert (again.version, again.version_chosen) == ("chirp-v4", False)
    assert sent(world) == ["chirp-v5", "chirp-v4"]


async def test_a_version_from_the_preferences_counts_as_chosen(world: World) -> None:
    await world.app.service.preferring.change(world.alice.id, PreferenceChanges(version="chirp-v5"))
    world.standin.retired.versions.add("chirp-v5")
    task = await world.until(State.FAILED, (await world.asked()).id)
    assert (task.version_chosen, task.error_code) == (True, ErrorCode.VERSION_UNAVAILABLE)


async def test_a_servers_rule_is_a_first_guess(world: World) -> None:
    await world.app.service.ruling.change(world.guild.id, world.mo.id, RuleChanges(version="chirp-v5"))
    world.standin.retired.versions.add("chirp-v5")
    task = await world.song()
    assert (task.version, sent(world)) == ("chirp-v4-5all", ["chirp-v5", "chirp-v4-5all"])


@pytest.mark.parametrize(
    "world", [{"tokenlab_versions": "chirp-v6,chirp-v5", "tokenlab_version": "chirp-v6"}], indirect=True
)
async def test_a_continuation_asks_for_its_parents_version_and_says_if_it_got_another(world: World) -> None:
    parent = await world.song()
    world.standin.retired.versions.add("chirp-v6")

    await world.alice.slash(world.channel, "continue", song=str(parent.id), prompt="softer")
    child = await world.until(State.COMPLETED, 2, step_s=16)

    assert sent(world) == ["chirp-v6", "chirp-v6", "chirp-v5"]
    assert "made with chirp-v5, as chirp-v6 is no longer available" in text_of(world.card(child))
    assert "no longer available" not in text_of(world.card(await world.task(parent.id)))


async def test_a_version_that_nobody_knows_is_asked_for_with_a_warning(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await world.alice.slash(world.channel, "song", prompt="Rain", version="chirp-v9-turbo")

    assert answer.response is not None
    assert notes(answer) == [
        "I don't know the version chirp-v9-turbo. I ask TokenLab for it all the same; if it is refused, nothing is "
        "charged."
    ]
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [vars(record)["version"] for record in warned] == ["chirp-v9-turbo"]
    task = await world.until(State.FAILED)
    assert sent(world) == ["chirp-v9-turbo"]
    assert (task.version, task.version_chosen) == ("chirp-v9-turbo", True)


@pytest.mark.parametrize("version", ["v5", "suno", "chirp- v5", "chirp-", "chirp-v5;"])
async def test_a_word_that_is_no_version_is_refused_privately(world: World, version: str) -> None:
    answer = await world.alice.slash(world.channel, "song", prompt="Rain", version=version)
    assert private(answer).startswith("A version is a word like `chirp-v5`.")
    await world.turn()
    assert sent(world) == []


async def test_a_known_version_in_another_spelling_is_that_one(world: World) -> None:
    answer = await world.alice.slash(world.channel, "song", prompt="Rain", version="Chirp-v4.5")
    assert notes(answer) == []
    assert (await world.task()).version == "chirp-v4-5"


async def test_versions_are_offered_while_typing(world: World) -> None:
    offered = await world.alice.autocomplete(world.channel, "song", "version", "")
    assert [choice["value"] for choice in offered][: len(VERSIONS)] == list(VERSIONS)
    offered = await world.alice.autocomplete(world.channel, "song", "version", "V6")
    assert [choice["value"] for choice in offered] == ["chirp-v6", "chirp-v6-wild", "chirp-v6-mini"]


@pytest.mark.parametrize("world", [{"tokenlab_versions": "chirp-v7,chirp-v6"}], indirect=True)
async def test_the_operators_list_is_what_is_offered(world: World) -> None:
    offered = await world.alice.autocomplete(world.channel, "song", "version", "chirp")
    assert [choice["value"] for choice in offered][:2] == ["chirp-v7", "chirp-v6"]


async def test_a_version_can_be_typed_in_the_preferences(world: World) -> None:
    shown = await world.alice.slash(world.channel, "preferences")
    form = await world.alice.click(shown.response, label="Another version")
    answer = await fill(world.alice, form, version="chirp-v9")

    assert "chirp-v9" in text_of(answer.response)
    assert "I don't know the version chirp-v9" in text_of(answer.response)
    assert (await world.app.service.preferring.get(world.alice.id)).version == "chirp-v9"


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"prompt": "x" * 3001}, "The prompt is too long: at most 3000 characters. That is the limit of chirp-v4."),
        ({"tags": "x" * 201}, "The tags are too long: at most 200 characters. That is the limit of chirp-v4."),
        ({"title": "x" * 81}, "The title is too long: at most 80 characters. That is the limit of chirp-v4."),
        (
            {"title": "x" * 81, "version": "chirp-v4-5all"},
            "The title is too long: at most 80 characters. That is the limit of chirp-v4-5all.",
        ),
    ],
)
async def test_what_a_chosen_version_does_not_take_is_told_at_once(
    world: World, options: dict[str, str], told: str
) -> None:
    answer = await world.alice.slash(world.channel, "song", **{"prompt": "Rain", "version": "chirp-v4", **options})
    assert private(answer) == told
    assert sent(world) == []


@pytest.mark.parametrize("options", [{"prompt": "x" * 3001}, {"tags": "x" * 201}, {"title": "x" * 81}])
async def test_in_place_of_a_first_guess_that_takes_less_goes_the_next_one_that_takes_it(
    world: World, options: dict[str, str]
) -> None:
    await world.song(**{"prompt": "Rain", **options})
    assert sent(world) == ["chirp-v4-5"]


@pytest.mark.parametrize("world", [{"tokenlab_versions": "chirp-v4,chirp-v3-5"}], indirect=True)
async def test_where_no_version_takes_it_that_is_told(world: World) -> None:
    answer = await world.alice.slash(world.channel, "song", prompt="x" * 3001)
    assert private(answer) == "The prompt is too long: at most 3000 characters. That is the limit of chirp-v4."


async def test_a_form_for_a_chosen_version_takes_no_more_than_that(world: World) -> None:
    song = await world.song(version="chirp-v4")
    form = await world.alice.click(world.card(song), label="Edit & again")
    assert form.modal is not None
    limits = {one["component"]["custom_id"]: one["component"].get("max_length") for one in form.modal["components"]}
    assert (limits["title"], limits["tags"]) == (80, 200)


async def test_a_version_that_takes_more_gets_more(world: World) -> None:
    task = await world.song("x" * 5000, tags="y" * 1000, title="z" * 100, version="chirp-v5")
    assert task.state is State.COMPLETED


# --- money -----------------------------------------------------------------------------------------------------------


def _answer(status: int, body: Any) -> Fault:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Fault(recorded=True, answer=lambda _: web.Response(status=status, body=raw, content_type="application/json"))


@pytest.mark.parametrize(
    "fault",
    [
        "drop_recorded", "server_error_recorded", "no_id", "html_502", "not_json", "broken_json", "redirect",
        "server_error", "upstream_error", "timeout_error", "drop",
        _answer(200, GONE), _answer(200, {"code": 400, **GONE}), _answer(201, GONE), _answer(500, GONE),
        _answer(502, GONE), _answer(503, GONE), _answer(504, GONE), _answer(408, GONE), _answer(409, GONE),
        _answer(500, b"mv: chirp-v4 is gone"), _answer(500, b"\xff"), _answer(200, b"[]"), _answer(200, b""),
    ],
    ids=lambda fault: fault if isinstance(fault, str) else None,
)  # fmt: skip
async def test_after_an_answer_of_unknown_fate_no_second_create_follows(world: World, fault: str | Fault) -> None:
    world.standin.faults.on_create(fault)
    await world.asked()
    for _ in range(5):
        await world.advance(600)

    assert sent(world) == ["chirp-v4"]
    assert (await world.task()).state in {State.UNCERTAIN, State.FAILED}
    assert await world.app.stores.versions.found(VERSIONS) == Found()


async def test_a_task_that_fails_later_is_not_made_with_another_version(world: World) -> None:
    task = await world.asked()
    await world.turn()
    world.standin.fail(world.standin.creates[0].id, "mv: chirp-v4 is gone")
    await world.until(State.FAILED, task.id)
    await world.advance(600)
    assert sent(world) == ["chirp-v4"]
