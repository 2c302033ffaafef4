"""Members choose for good how they are told and what their songs are like; `/preferences` shows what is chosen now."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.members import PreferenceChanges, Preferences, Telling
from bot.domain.tasks import State
from sandbox.catalog import MUSIC, Model
from tests.behaviour.conftest import Seen, World, files_of, fill, private

OTHER = replace(MUSIC, id="other-music", aliases=(), price=("0.05", "0.05"))
OPEN = "*"
MENUS = {
    "telling": ("prefer_telling", "silent", "Stay silent", "not at all; the card shows it"),
    "model": ("prefer_model", "other-music", "other-music", "other-music · $0.05"),
    "version": ("prefer_version", "chirp-v5", "chirp-v5", "chirp-v5"),
    "instrumental": ("prefer_vocals", "True", "Instrumental", "Instrumental"),
}
"""By preference: its menu, a value in it, the label of that, and what the panel says once it is chosen."""


async def offer(world: World, *models: Model) -> None:
    """From now on TokenLab has these models."""
    world.standin._api._catalog.models = models
    await world.app.catalogue.refresh()


async def panel(world: World) -> Any:
    return await world.alice.slash(world.channel, "preferences")


async def pick(world: World, shown: Any, menu: str, value: str) -> Any:
    """Alice picks something on her panel."""
    return await world.alice.select(shown.response, [value], custom_id=f"encore:menu:{menu}:{world.alice.id}")


async def chosen(world: World, user: Any = None) -> Preferences:
    return await world.app.service.preferring.get((user or world.alice).id)


def menus(shown: Any) -> dict[str, Any]:
    """The menus of a panel as they are now, by what they are for."""
    items = [child for row in shown.response.message.components for child in row.children]
    return {item.custom_id.split(":")[2]: item for item in items if hasattr(item, "options")}


def picked(menu: Any) -> list[str]:
    """The options that a menu shows as chosen."""
    return [option.label for option in menu.options if option.default]


def field(shown: Any, name: str) -> str:
    """What the panel says."""
    (embed,) = shown.response.message.embeds
    return str(next(one.value for one in embed.fields if one.name == name))


# --- the panel -------------------------------------------------------------------------------------------------------


async def test_the_panel_is_private_and_begins_with_what_everybody_has(world: World) -> None:
    shown = await panel(world)

    assert "Your preferences" in private(shown)
    assert {name: picked(menu) for name, menu in menus(shown).items()} == {
        "prefer_telling": ["Mention me"],
        "prefer_model": ["Model: the bot's own choice"],
        "prefer_version": ["Version: the bot's own choice"],
        "prefer_vocals": ["With vocals"],
    }


async def test_models_are_offered_with_what_they_cost(world: World) -> None:
    await offer(world, OTHER, replace(OTHER, id="finest-music", price=("1.20", "1.20")))

    options = menus(await panel(world))["prefer_model"].options

    assert [(one.label, one.description) for one in options[1:]] == [
        ("other-music", "$0.05"),
        ("finest-music", "$1.20"),
    ]


async def test_no_more_models_are_offered_than_a_menu_takes_and_the_chosen_one_is_among_them(world: World) -> None:
    await offer(world, *(replace(OTHER, id=f"music-{number}") for number in range(40)))
    await world.app.service.preferring.change(world.alice.id, PreferenceChanges(model="music-39"))

    menu = menus(await panel(world))["prefer_model"]

    assert len(menu.options) == 25
    assert picked(menu) == ["music-39"]
    assert menu.options[-1].description == "$0.05"


@pytest.mark.parametrize("name", MENUS)
async def test_each_choice_is_kept_and_shown_at_once_on_the_same_panel(world: World, name: str) -> None:
    await offer(world, MUSIC, OTHER)
    menu, value, label, words = MENUS[name]
    shown = await panel(world)
    before = await chosen(world)

    await pick(world, shown, menu, value)

    after = await chosen(world)
    assert str(getattr(after, name)) == value
    assert replace(after, **{name: getattr(before, name)}) == before
    assert picked(menus(shown)[menu]) == [label]
    assert words in private(shown)


@pytest.mark.parametrize("name", ["model", "version"])
async def test_a_choice_can_be_left_to_the_bot_again(world: World, name: str) -> None:
    menu = MENUS[name][0]
    await world.app.service.preferring.change(world.alice.id, PreferenceChanges(model="suno-music", version="chirp-v5"))
    shown = await panel(world)

    await pick(world, shown, menu, OPEN)

    assert getattr(await chosen(world), name) is None
    assert field(shown, name.title()) == "the bot's own choice"


async def test_styles_are_filled_in_and_can_be_emptied(world: World) -> None:
    shown = await panel(world)

    await fill(world.alice, await world.alice.click(shown.response, label="Styles"), tags=" blues,  *slow* ")
    assert (await chosen(world)).tags == "blues, *slow*"
    assert field(shown, "Styles") == r"blues, \*slow\*"

    form = await world.alice.click(shown.response, label="Styles")
    assert form.modal is not None
    assert form.modal["components"][0]["component"]["value"] == "blues, *slow*"
    await fill(world.alice, form, tags="")
    assert (await chosen(world)).tags is None
    assert field(shown, "Styles") == "none"


async def test_the_longest_styles_still_fit_on_the_panel(world: World) -> None:
    shown = await panel(world)

    await fill(world.alice, await world.alice.click(shown.response, label="Styles"), tags="*" * 1000)

    assert (await chosen(world)).tags == "*" * 1000
    assert len(field(shown, "Styles")) <= 1024


async def test_a_secret_among_the_styles_is_refused_and_not_kept(world: World) -> None:
    shown = await panel(world)

    form = await world.alice.click(shown.response, label="Styles")
    answer = await fill(world.alice, form, tags="blues sk-proj-4f9aB1c2D3e4F5a6B7c8D9e0F1a2B3c4D5e6F7a8")

    assert "key, token or password" in answer.followups[0].content
    assert (await chosen(world)).tags is None
    assert field(shown, "Styles") == "none"


async def test_back_to_the_beginning_forgets_all(world: World) -> None:
    await offer(world, MUSIC, OTHER)
    shown = await panel(world)
    for menu, value, _, _ in MENUS.values():
        await pick(world, shown, menu, value)
    await fill(world.alice, await world.alice.click(shown.response, label="Styles"), tags="blues")

    await world.alice.click(shown.response, label="Back to the beginning")

    assert await chosen(world) == Preferences(user_id=world.alice.id)
    assert picked(menus(shown)["prefer_telling"]) == ["Mention me"]
    assert field(shown, "Styles") == "none"


async def test_the_panel_works_in_direct_messages(world: World) -> None:
    shown = await world.alice.user.slash("preferences")

    await world.alice.user.select(
        shown.response, ["chirp-v5"], custom_id=f"encore:menu:prefer_version:{world.alice.id}"
    )

    assert (await chosen(world)).version == "chirp-v5"
    assert field(shown, "Version") == "chirp-v5"


async def test_a_panel_and_its_form_answer_after_a_restart(world: World) -> None:
    shown = await panel(world)
    form = await world.alice.click(shown.response, label="Styles")
    await world.restart()

    await pick(world, shown, "prefer_telling", "dm")
    await fill(world.alice, form, tags="harp")
    assert await chosen(world) == Preferences(user_id=world.alice.id, telling=Telling.DM, tags="harp")

    await world.restart()
    await world.alice.click(shown.response, label="Back to the beginning")
    assert await chosen(world) == Preferences(user_id=world.alice.id)


# --- whose panel it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("custom_id", "values"),
    [
        *((f"encore:menu:{menu}:{{}}", [value]) for menu, value, _, _ in MENUS.values()),
        ("encore:prefer_styles:{}", []),
        ("encore:prefer_nothing:{}", []),
    ],
)
async def test_the_panel_of_another_member_can_not_be_pressed(world: World, custom_id: str, values: list[str]) -> None:
    """No client shows it to others: its press is forged."""
    await offer(world, MUSIC, OTHER)
    await world.app.service.preferring.change(world.alice.id, PreferenceChanges(tags="blues"))
    shown = await panel(world)

    answer = await Seen(world, shown.response.message).press(world.bob, custom_id.format(world.alice.id), *values)

    assert "somebody else's" in private(answer)
    assert answer.modal is None
    assert await chosen(world) == Preferences(user_id=world.alice.id, tags="blues")
    assert await chosen(world, world.bob) == Preferences(user_id=world.bob.id)


async def test_the_form_of_another_member_can_not_be_filled_in(world: World) -> None:
    shown = await world.bob.slash(world.channel, "preferences")
    form = await world.bob.click(shown.response, label="Styles")
    form._interaction.modal["custom_id"] = f"encore:form:tags:{world.alice.id}"

    answer = await fill(world.bob, form, tags="polka")

    assert "somebody else's" in private(answer)
    assert (await chosen(world)).tags is None
    assert (await chosen(world, world.bob)).tags is None


# --- models that vanish ----------------------------------------------------------------------------------------------


async def test_a_chosen_model_that_vanished_is_shown_as_such(world: World) -> None:
    await offer(world, MUSIC, OTHER)
    await world.app.service.preferring.change(world.alice.id, PreferenceChanges(model="other-music"))
    await offer(world, MUSIC)

    shown = await panel(world)

    assert "other-music can't be had at the moment" in field(shown, "Model")
    menu = menus(shown)["prefer_model"]
    assert picked(menu) == ["other-music"]
    assert [one.description for one in menu.options if one.default] == ["not offered at the moment"]


async def test_a_model_that_vanished_while_the_panel_was_open_is_refused_and_taken_off_it(world: World) -> None:
    await offer(world, MUSIC, OTHER)
    shown = await panel(world)
    await offer(world, MUSIC)

    answer = await pick(world, shown, "prefer_model", "other-music")

    assert "I don't know this model" in answer.followups[0].content
    assert (await chosen(world)).model is None
    assert [one.value for one in menus(shown)["prefer_model"].options] == [OPEN, "suno-music"]


@pytest.mark.parametrize("menu", ["prefer_version", "prefer_vocals"])
async def test_other_choices_work_while_the_model_is_gone(world: World, menu: str) -> None:
    await offer(world, MUSIC, OTHER)
    await world.app.service.preferring.change(world.alice.id, PreferenceChanges(model="other-music"))
    await offer(world, MUSIC)
    shown = await panel(world)

    await pick(world, shown, menu, {"prefer_version": "chirp-v5", "prefer_vocals": "True"}[menu])

    kept = await chosen(world)
    assert (kept.model, kept.version, kept.instrumental) in {
        ("other-music", "chirp-v5", False),
        ("other-music", None, True),
    }


@pytest.mark.parametrize("world", [{"loads_catalogue": False}], indirect=True)
async def test_before_the_catalogue_was_read_nothing_is_known_against_a_chosen_model(world: World) -> None:
    await world.app.stores.members.change(world.alice.id, PreferenceChanges(model="other-music"))

    shown = await panel(world)

    assert field(shown, "Model") == "other-music"
    assert picked(menus(shown)["prefer_model"]) == ["other-music"]
    assert (await world.asked()).model == "other-music"


# --- what a new song takes over --------------------------------------------------------------------------------------

CHOSEN: dict[str, Any] = {"model": "other-music", "version": "chirp-v5", "tags": "blues, slow", "instrumental": True}
GIVEN: dict[str, Any] = {"model": "suno-music", "version": "chirp-v4-5", "tags": "polka", "instrumental": False}


@pytest.fixture
async def choosy(world: World) -> World:
    """Alice has chosen all there is to choose."""
    await offer(world, MUSIC, OTHER)
    await world.app.service.preferring.change(world.alice.id, PreferenceChanges(**CHOSEN))
    return world


async def test_a_song_takes_over_what_its_member_has_chosen(choosy: World) -> None:
    task = await choosy.song()

    assert {name: getattr(task, name) for name in CHOSEN} == CHOSEN
    (create,) = choosy.standin.creates
    assert {name: create.body[name] for name in ("model", "mv", "tags", "make_instrumental")} == {
        "model": "other-music",
        "mv": "chirp-v5",
        "tags": "blues, slow",
        "make_instrumental": True,
    }


@pytest.mark.parametrize("name", GIVEN)
async def test_an_option_that_is_given_wins(choosy: World, name: str) -> None:
    task = await choosy.asked(**{name: GIVEN[name]})

    assert {one: getattr(task, one) for one in CHOSEN} == {**CHOSEN, name: GIVEN[name]}


async def test_the_choices_of_one_member_are_not_those_of_another(choosy: World) -> None:
    task = await choosy.asked(by=choosy.bob)

    assert (task.model, task.version, task.tags, task.instrumental) == ("suno-music", "chirp-v4", None, False)


async def test_a_chosen_model_that_vanished_leaves_it_to_the_bot(choosy: World) -> None:
    await offer(choosy, MUSIC)

    task = await choosy.song()

    assert (task.state, task.model, task.version) == (State.COMPLETED, "suno-music", "chirp-v5")


async def test_a_chosen_model_that_comes_back_is_used_again(choosy: World) -> None:
    await offer(choosy, MUSIC)
    await offer(choosy, MUSIC, OTHER)

    assert (await choosy.asked()).model == "other-music"


# --- how a member is told --------------------------------------------------------------------------------------------


async def told(world: World, telling: Telling) -> None:
    """Alice chooses how to be told, and gets a song."""
    shown = await panel(world)
    if telling is not Telling.PING:
        await pick(world, shown, "prefer_telling", telling)
    await world.song()


async def test_at_first_a_message_in_the_channel_tells(world: World) -> None:
    await told(world, Telling.PING)

    assert (len(world.pings()), world.dms()) == (1, [])


async def test_whoever_wants_it_is_told_directly_with_a_link_to_the_card(world: World) -> None:
    await told(world, Telling.DM)

    (ping,) = world.dms()
    assert "is ready" in ping.content
    assert f"/{world.channel.id}/{(await world.task()).message_id}" in ping.content
    assert world.pings() == []


async def test_whoever_wants_silence_has_the_card_alone(world: World) -> None:
    await told(world, Telling.SILENT)
    for _ in range(3):
        await world.advance(60)

    assert (world.pings(), world.dms()) == ([], [])
    assert files_of(world.card(await world.task())) == ["Slow Harbour Blues.mp3"]


@pytest.mark.parametrize(("telling", "directly"), [(Telling.DM, 1), (Telling.SILENT, 0)])
async def test_a_new_card_for_one_that_can_not_be_edited_mentions_nobody_who_does_not_want_that(
    world: World, telling: Telling, directly: int
) -> None:
    world.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027, times=None)
    world.env.inject_error("PATCH", "/channels/*", status=400, code=50083, times=None)

    await told(world, telling)

    card = world.card(await world.task())
    assert files_of(card) == ["Slow Harbour Blues.mp3"]
    assert world.pings() == []
    assert len(world.dms()) == directly
    assert all(f"/{world.channel.id}/{card.id}" in ping.content for ping in world.dms())


@pytest.mark.parametrize("code", [50007, 50278])
async def test_where_direct_messages_are_closed_the_channel_tells(world: World, code: int) -> None:
    path = f"/channels/{world.alice.user.dm_channel.id}/messages"
    world.env.inject_error("POST", path, status=403, code=code, times=None)

    await told(world, Telling.DM)
    for _ in range(3):
        await world.advance(60)

    assert len(world.pings()) == 1
    assert len(world.requests("POST", path)) == 1


async def test_the_way_chosen_on_a_card_is_the_one_on_the_panel(world: World) -> None:
    card = world.card(await world.song())
    more = await world.alice.click(card, label="More")

    await world.alice.click(more.response, label="Direct message")

    assert picked(menus(await panel(world))["prefer_telling"]) == ["Direct message"]
