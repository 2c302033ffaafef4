"""Admins set what holds in their server on the private panel of `/settings`; members meet it at their next wish."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import discord
import pytest
from simcord import SetupError

from bot.domain.audit import Act, Deed
from bot.domain.refusals import Reason
from bot.domain.rules import EVERYWHERE, RuleChanges, Rules
from bot.domain.tasks import State
from bot.store.audit import AuditStore
from bot.ui import texts
from bot.ui.rules import FORMS, RULES_OF, TITLE, RuleForm, Topic
from sandbox.catalog import MUSIC
from tests.behaviour.conftest import Seen, World, fill, labels, private, text_of

OTHER = replace(MUSIC, id="other-music", aliases=(), price=("0.05", "0.05"))
"""A second model to choose."""


@pytest.fixture
def ada(world: World) -> Any:
    """Somebody who may manage the server."""
    return member(world, "Ada", manage_guild=True)


def member(world: World, name: str, **permissions: bool) -> Any:
    role = world.guild.create_role(name, permissions=discord.Permissions(**permissions))
    return world.guild.add_member(world.env.create_user(name), roles=[role])


async def panel(world: World, admin: Any, topic: Topic = Topic.START) -> Any:
    """The panel, on one of its pages."""
    shown = await admin.slash(world.channel, "settings")
    if topic is not Topic.START:
        await pick(world, admin, shown, "topic", topic)
    return shown


async def pick(world: World, admin: Any, shown: Any, menu: str, *values: Any) -> Any:
    return await admin.select(shown.response, values, custom_id=f"encore:menu:rules_{menu}:{world.guild.id}")


async def rules(world: World, guild_id: int | None = None) -> Rules:
    return (await world.app.service.ruling.get(world.guild.id if guild_id is None else guild_id)).rules


async def setting(world: World, **changes: Any) -> None:
    """Somebody has set that."""
    await world.app.service.ruling.change(world.guild.id, world.mo.id, RuleChanges(**changes))


async def operator_sets(world: World, **changes: Any) -> None:
    deed = Deed(act=Act.RULES, guild_id=EVERYWHERE, actor_id=None)
    await world.app.stores.servers.change_rules(EVERYWHERE, RuleChanges(**changes), deed)


def fields(shown: Any) -> dict[str, str]:
    (embed,) = shown.response.message.embeds
    return {one.name: one.value for one in embed.fields}


def note(shown: Any) -> str:
    return str(shown.response.message.embeds[0].description)


async def refused(world: World, reason: Reason, *, by: Any = None, **wish: Any) -> str:
    """A wish that is answered with a private no; gives the words."""
    answer = await (by or world.alice).slash(world.channel, "song", **{"prompt": "Slow harbour blues", **wish})
    said = private(answer)
    assert said.startswith(texts.REFUSAL[reason].partition("{")[0]), said
    return said


# --- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["alice", "mo"])
async def test_members_and_moderators_do_not_see_the_command(world: World, who: str) -> None:
    with pytest.raises(SetupError, match="settings"):
        await getattr(world, who).slash(world.channel, "settings")


async def test_there_are_no_settings_in_direct_messages(world: World, ada: Any) -> None:
    with pytest.raises(SetupError, match="settings"):
        await ada.user.slash("settings")


async def test_the_first_page_says_what_holds_and_offers_each_topic(world: World, ada: Any) -> None:
    await setting(world, channels=frozenset({world.channel.id}), monthly_usd=Decimal("5.5"), words=("rude", "crude"))

    shown = await panel(world, ada)

    said = private(shown)
    for wanted in (
        f"<#{world.channel.id}>",
        "everybody's wishes",
        "**$5.50**",
        "**2 words**",
        "**0 patterns**",
        "for good",
    ):
        assert wanted in said, wanted
    (row,) = shown.response.message.components
    assert [option.label for option in row.children[0].options] == [TITLE[one] for one in RULES_OF]


async def test_each_topic_has_a_page_that_leads_back(world: World, ada: Any) -> None:
    shown = await panel(world, ada)
    for topic in RULES_OF:
        await pick(world, ada, shown, "topic", topic)
        said = {texts.RULE[name] for name in RULES_OF[topic]}
        assert set(fields(shown)) == ({"For each member", "For all together"} if topic is Topic.LIMITS else said)
        await ada.click(shown.response, label="Back")
        assert TITLE[Topic.START] in text_of(shown.response)


@pytest.mark.parametrize("press", ["menu:rules_locale:{}", "rules_page:{}:0", "rules_form:{}:0", "rules_keep:{}:9"])
async def test_a_panel_works_in_no_other_server(world: World, ada: Any, press: str) -> None:
    shown = await panel(world, ada, Topic.LANGUAGE if "menu" in press else Topic.KEEPING)
    custom_id = f"encore:{press.format(world.guild.id + 1)}"
    values = ["de"] if "menu" in press else []

    answer = await Seen(world, shown.response.message).with_button(custom_id).press(ada, custom_id, *values)

    assert "belongs to another server" in private(answer)
    assert answer.modal is None
    assert (await rules(world), await rules(world, world.guild.id + 1)) == (Rules(), Rules())


@pytest.mark.parametrize("who", ["alice", "mo"])
async def test_on_a_message_that_all_see_only_admins_may_press(world: World, ada: Any, who: str) -> None:
    """No message of ours that all see has such a button: the press is forged."""
    card = world.card(await world.asked())
    custom_id = f"encore:rules_form:{world.guild.id}:{FORMS.index(RuleForm.KEEPING)}"

    answer = await Seen(world, card).with_button(custom_id).press(getattr(world, who), custom_id)
    assert "Only those who manage this server" in private(answer)
    assert answer.modal is None

    assert (await Seen(world, card).with_button(custom_id).press(ada, custom_id)).modal is not None


async def test_whoever_was_given_the_command_in_discord_needs_no_other_right(world: World, ada: Any) -> None:
    """A server may hand the command to others: their panel is private, so its presses are theirs."""
    shown = await panel(world, ada, Topic.LANGUAGE)
    mark = f"encore:menu:rules_locale:{world.guild.id}"

    await Seen(world, shown.response.message).press(world.mo, mark, "ja")

    assert (await rules(world)).locale == "ja"


async def test_a_private_answer_to_something_else_is_no_panel(world: World) -> None:
    """Whoever makes a form up has at best an answer of their own."""
    own = (await world.alice.slash(world.channel, "preferences")).response.message
    form = f"encore:form:rules_form:{world.guild.id}:{FORMS.index(RuleForm.KEEPING)}:1"

    answer = await Seen(world, own).submit(world.alice, form, keep_days="9")

    assert await rules(world) == Rules()
    assert "Only those who manage this server" in private(answer)


async def test_a_panel_of_yesterday_asks_for_the_right(world: World, ada: Any) -> None:
    shown = await panel(world, ada, Topic.LANGUAGE)
    seen, menu = Seen(world, shown.response.message), f"encore:menu:rules_locale:{world.guild.id}"
    await world.advance(24 * 3600)

    assert "Only those who manage this server" in private(await seen.press(world.mo, menu, "ja"))
    await seen.press(ada, menu, "ja")

    assert (await rules(world)).locale == "ja"


# --- what is picked --------------------------------------------------------------------------------------------------


async def test_channels_and_roles_are_picked_and_hold_at_the_next_wish(world: World, ada: Any) -> None:
    role = world.guild.create_role("Singers")
    shown = await panel(world, ada, Topic.PLACES)

    await pick(world, ada, shown, "channels", world.other_channel)
    assert fields(shown)["Channels"] == f"<#{world.other_channel.id}>"
    assert f"<#{world.other_channel.id}>" in await refused(world, Reason.WRONG_CHANNEL)

    await pick(world, ada, shown, "channels")
    await pick(world, ada, shown, "roles", role)
    assert await rules(world) == Rules(roles=frozenset({role.id}))
    assert f"<@&{role.id}>" in await refused(world, Reason.WRONG_ROLE)

    await pick(world, ada, shown, "roles")
    assert fields(shown) == {"Channels": "everywhere", "Roles": "everybody's wishes"}
    await world.asked()


async def test_what_was_deleted_since_is_not_offered_as_picked(world: World, ada: Any) -> None:
    gone = world.guild.id + 17
    await setting(world, channels=frozenset({gone, world.channel.id}), roles=frozenset({gone}), warning_channel_id=gone)

    places = await panel(world, ada, Topic.PLACES)
    budget = await panel(world, ada, Topic.BUDGET)

    def picked(shown: Any) -> list[int]:
        menus = [child for row in shown.response.message.components for child in row.children]
        return [one.id for menu in menus for one in getattr(menu, "default_values", None) or []]

    assert (picked(places), picked(budget)) == ([world.channel.id], [])
    assert f"<#{gone}>" in fields(places)["Channels"]
    assert f"No longer there, but it still counts: <#{gone}> <@&{gone}>." in note(places)
    await ada.click(places.response, label="Forget what is gone")
    assert await rules(world) == Rules(channels=frozenset({world.channel.id}), warning_channel_id=gone)
    assert "No longer there" not in note(places)
    await ada.click(budget.response, label="Forget what is gone")
    assert await rules(world) == Rules(channels=frozenset({world.channel.id}))
    assert "Forget what is gone" not in labels(budget.response.message)


async def test_places_of_another_server_are_not_taken(world: World, ada: Any) -> None:
    elsewhere = world.env.create_guild(name="Elsewhere").create_text_channel("songs")
    shown = await panel(world, ada, Topic.PLACES)
    menu = f"encore:menu:rules_channels:{world.guild.id}"

    await Seen(world, shown.response.message).press(ada, menu, str(elsewhere.id), str(world.channel.id), kind=8)

    assert await rules(world) == Rules(channels=frozenset({world.channel.id}))
    budget = await panel(world, ada, Topic.BUDGET)
    menu = f"encore:menu:rules_warning:{world.guild.id}"
    await Seen(world, budget.response.message).press(ada, menu, str(elsewhere.id), kind=8)
    assert (await rules(world)).warning_channel_id is None


async def test_a_channel_in_which_nobody_could_be_warned_is_taken_and_told(world: World, ada: Any) -> None:
    everybody = world.guild.default_role
    shut = discord.PermissionOverwrite(send_messages=False)
    quiet = world.guild.create_text_channel("quiet", overwrites={everybody: shut})
    shown = await panel(world, ada, Topic.BUDGET)

    await pick(world, ada, shown, "warning", quiet)

    assert (await rules(world)).warning_channel_id == quiet.id
    assert f"I may not write in <#{quiet.id}>" in note(shown)
    await pick(world, ada, shown, "warning", world.other_channel)
    assert "I may not write" not in note(shown)


async def test_where_a_warning_goes_is_picked_and_can_be_left_open_again(world: World, ada: Any) -> None:
    shown = await panel(world, ada, Topic.BUDGET)

    await pick(world, ada, shown, "warning", world.other_channel)
    assert await rules(world) == Rules(warning_channel_id=world.other_channel.id)
    assert fields(shown)["Where a warning goes"] == f"<#{world.other_channel.id}>"

    await pick(world, ada, shown, "warning")
    assert await rules(world) == Rules()
    assert fields(shown)["Where a warning goes"] == "nowhere"


async def test_model_and_version_are_those_of_songs_that_leave_it_open(world: World, ada: Any) -> None:
    world.standin._api._catalog.models = (MUSIC, OTHER)
    await world.app.catalogue.refresh()
    shown = await panel(world, ada, Topic.SONGS)

    await pick(world, ada, shown, "model", "other-music")
    await pick(world, ada, shown, "version", "chirp-v5")

    assert (fields(shown)["Model"], fields(shown)["Version"]) == ("other-music", "chirp-v5")
    task = await world.asked()
    assert (task.model, task.version) == ("other-music", "chirp-v5")

    await pick(world, ada, shown, "model", "*")
    await pick(world, ada, shown, "version", "*")
    assert await rules(world) == Rules()


async def test_a_model_that_vanished_is_refused_and_the_page_shows_what_holds(world: World, ada: Any) -> None:
    world.standin._api._catalog.models = (MUSIC, OTHER)
    await world.app.catalogue.refresh()
    shown = await panel(world, ada, Topic.SONGS)
    await setting(world, model="other-music")
    world.standin._api._catalog.models = (MUSIC,)
    await world.app.catalogue.refresh()

    answer = await pick(world, ada, shown, "model", "other-music")

    assert "I don't know this model" in answer.followups[0].content
    assert "other-music can't be had at the moment" in note(shown)


async def test_whether_members_may_continue_each_others_songs(world: World, ada: Any) -> None:
    shown = await panel(world, ada, Topic.SONGS)
    await pick(world, ada, shown, "others", "False")
    assert await rules(world) == Rules(others_may_continue=False)

    card = world.card(await world.song())
    answer = await world.bob.click(card, label="Continue")
    assert "only by whoever asked for it" in private(answer)

    await pick(world, ada, shown, "others", "True")
    assert (await world.bob.click(card, label="Continue")).modal is not None


async def test_cards_speak_the_language_that_is_set(world: World, ada: Any) -> None:
    shown = await panel(world, ada, Topic.LANGUAGE)

    await pick(world, ada, shown, "locale", "de")
    assert fields(shown) == {"Language of cards": "Deutsch"}
    assert (await world.asked()).locale == "de"

    await pick(world, ada, shown, "locale", "*")
    assert (await world.asked("Another one")).locale == "en-US"


# --- what is typed ---------------------------------------------------------------------------------------------------

TYPED: list[tuple[Topic, str, dict[str, str], dict[str, Any]]] = [
    (
        Topic.LIMITS, "For each member",
        {"running_per_member": "2", "waiting_per_member": "", "daily_per_member": " 5 "},
        {"running_per_member": 2, "daily_per_member": 5},
    ),
    (
        Topic.LIMITS, "For all together",
        {"running_per_server": "20", "waiting_per_server": "30", "daily_per_server": "0"},
        {"running_per_server": 20, "waiting_per_server": 30, "daily_per_server": 0},
    ),
    (Topic.BUDGET, "Change the budget", {"monthly_usd": "12,50"}, {"monthly_usd": Decimal("12.50")}),
    (Topic.FILTER, "Words", {"words_0": "Rude\n\n crude , Rude"}, {"words": ("Rude", "crude")}),
    (Topic.FILTER, "Patterns", {"patterns_0": r"colou?rs?\b"}, {"patterns": (r"colou?rs?\b",)}),
    (Topic.KEEPING, "Change", {"keep_days": "30"}, {"keep_days": 30}),
]  # fmt: skip


@pytest.mark.parametrize(("topic", "button", "typed", "changed"), TYPED)
async def test_what_is_typed_is_kept_audited_and_shown_when_the_form_is_opened_again(
    world: World, ada: Any, topic: Topic, button: str, typed: dict[str, str], changed: dict[str, Any]
) -> None:
    shown = await panel(world, ada, topic)

    await fill(ada, await ada.click(shown.response, label=button), **typed)

    assert await rules(world) == Rules(**changed)
    assert TITLE[topic] in text_of(shown.response)
    (line,) = await AuditStore(world.app.database).page(world.guild.id, skip=0, limit=9)
    assert (line.act, line.actor_id, set(line.after)) == (Act.RULES, ada.id, set(changed))
    form = await ada.click(shown.response, label=button)
    await fill(ada, form)
    assert await rules(world) == Rules(**changed), "a form that is sent back as it is changes nothing"
    assert len(await AuditStore(world.app.database).page(world.guild.id, skip=0, limit=9)) == 1


@pytest.mark.parametrize(
    ("topic", "button", "typed", "said"),
    [
        (Topic.LIMITS, "For each member", {"daily_per_member": "1.5"}, "1.5 is no whole number from 0 to 1000000."),
        (Topic.LIMITS, "For all together", {"daily_per_server": "1000001"}, "is no whole number"),
        (Topic.BUDGET, "Change the budget", {"monthly_usd": "1.234"}, "1.234 is no amount of dollars"),
        (Topic.KEEPING, "Change", {"keep_days": "0"}, "0 is no whole number from 1 to 3650."),
        (Topic.FILTER, "Words", {"words_0": "rude\n..."}, "... has no letter"),
        (Topic.FILTER, "Patterns", {"patterns_0": "a(?=b)"}, r"a(?=b) is no pattern that I can search for"),
        (Topic.FILTER, "Patterns", {"patterns_0": "a*"}, "fits every text"),
        (Topic.FILTER, "Patterns", {"patterns_0": "a*\ud800"}, "fits every text"),
    ],
)
async def test_bad_input_is_explained_and_given_back_and_changes_nothing(
    world: World, ada: Any, topic: Topic, button: str, typed: dict[str, str], said: str
) -> None:
    before: dict[str, Any] = {"monthly_songs": 7, "words": ("other",)}
    await setting(world, **before)
    shown = await panel(world, ada, topic)

    answer = await fill(ada, await ada.click(shown.response, label=button), **typed)

    (told,) = answer.followups
    assert told.ephemeral
    assert said in told.content.replace("\\", "")
    (file,) = told.attachments
    assert next(iter(typed.values())).encode(errors="replace") in await file.read()
    assert await rules(world) == Rules(**before)
    assert TITLE[topic] in text_of(shown.response)


async def test_long_lists_are_spread_over_fields_and_come_back_whole(world: World, ada: Any) -> None:
    words = tuple(f"word-{number:03}-{'x' * 40}" for number in range(200))
    await setting(world, words=words)
    shown = await panel(world, ada, Topic.FILTER)

    form = await ada.click(shown.response, label="Words")
    shown_fields = [label["component"] for label in form.modal["components"]]
    assert 1 < len(shown_fields) <= 5
    answer = [one.content for one in (await fill(ada, form, words_1=shown_fields[1]["value"] + "\nanother")).followups]
    assert "201 are too many: at most 200." in answer[0]
    assert (await rules(world)).words == words


async def test_a_limit_below_what_is_in_use_is_taken_and_said_so(world: World, ada: Any) -> None:
    await world.asked("One")
    await world.asked("Two")
    shown = await panel(world, ada, Topic.LIMITS)

    await fill(
        ada, await ada.click(shown.response, label="For each member"), waiting_per_member="1", daily_per_member="9"
    )

    assert (await rules(world)).waiting_per_member == 1
    assert "Waiting in line, of a member: that is less than is in use now (2)." in note(shown)
    assert "In one day" not in note(shown)
    await refused(world, Reason.LINE_FULL, prompt="Three")

    await fill(ada, await ada.click(shown.response, label="For each member"), waiting_per_member="2")
    assert "less than" not in note(shown)


async def test_keeping_things_for_a_shorter_time_asks_first_if_that_erases_something(world: World, ada: Any) -> None:
    await world.song()
    await world.advance(3 * 24 * 3600)
    await world.song("Younger")
    shown = await panel(world, ada, Topic.KEEPING)
    form = await ada.click(shown.response, label="Change")

    await fill(ada, form, keep_days="3")
    assert "**Nothing is changed yet.** 1 wish of this server is older than that" in note(shown)
    assert await rules(world) == Rules()
    await ada.click(shown.response, label="Yes, keep 3 days")

    assert await rules(world) == Rules(keep_days=3)
    assert fields(shown) == {texts.RULE["keep_days"]: "3 days"}
    (line,) = await AuditStore(world.app.database).page(world.guild.id, skip=0, limit=9)
    assert line.after == {"keep_days": 3}
    await fill(ada, await ada.click(shown.response, label="Change"), keep_days="")
    assert await rules(world) == Rules(), "a longer time erases nothing, so nothing is asked"


async def test_a_forged_time_erases_nothing(world: World, ada: Any) -> None:
    shown = await panel(world, ada, Topic.KEEPING)
    button = f"encore:rules_keep:{world.guild.id}:0"

    answer = await Seen(world, shown.response.message).with_button(button).press(ada, button)

    assert "0 is no whole number from 1 to 3650." in private(answer)
    assert await rules(world) == Rules()


async def test_of_two_who_fill_in_the_same_form_the_second_is_told_and_nothing_is_lost(world: World, ada: Any) -> None:
    shown = await panel(world, ada, Topic.FILTER)
    forms = [await ada.click(shown.response, label="Words") for _ in range(2)]
    await fill(ada, forms[0], words_0="rude")

    answer = await fill(ada, forms[1], words_0="crude")

    (told,) = answer.followups
    assert "has changed since you opened the form" in told.content
    assert await told.attachments[0].read() == b"crude"
    assert await rules(world) == Rules(words=("rude",))


# --- after a restart -------------------------------------------------------------------------------------------------


async def test_panel_and_form_answer_after_a_restart(world: World, ada: Any) -> None:
    shown = await panel(world, ada, Topic.KEEPING)
    form = await ada.click(shown.response, label="Change")
    await world.restart()

    await fill(ada, form, keep_days="9")
    assert fields(shown) == {texts.RULE["keep_days"]: "9 days"}
    await world.restart()
    await ada.click(shown.response, label="Back")
    await pick(world, ada, shown, "topic", Topic.LANGUAGE)
    await pick(world, ada, shown, "locale", "es")

    assert await rules(world) == Rules(keep_days=9, locale="es")


async def test_a_form_of_another_server_is_refused(world: World, ada: Any) -> None:
    shown = await panel(world, ada, Topic.KEEPING)
    form = await ada.click(shown.response, label="Change")
    place = FORMS.index(RuleForm.KEEPING)
    form._interaction.modal["custom_id"] = f"encore:form:rules_form:{world.guild.id + 1}:{place}:1"

    answer = await fill(ada, form, keep_days="9")

    assert "belongs to another server" in private(answer)
    assert await rules(world, world.guild.id + 1) == Rules()


# --- the word filter -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "part"),
    [
        ({"prompt": "so RÜDE a song"}, "the prompt"),
        ({"title": "R.u.d.e"}, "the title"),
        ({"tags": "blues, rud3"}, "the styles"),
        ({"avoid": "rude"}, "the styles to keep out"),
    ],
)
async def test_a_wish_with_a_word_of_the_list_is_refused_without_saying_which(
    world: World, wish: dict[str, str], part: str
) -> None:
    await setting(world, words=("rude",))

    said = await refused(world, Reason.FORBIDDEN_WORD, **wish)

    assert f"a word that is in {part}." in said
    assert "rude" not in said.casefold()
    assert world.standin.creates == []
    await world.asked("crude oil")


async def test_the_filter_of_a_server_does_not_reach_direct_messages_and_the_operators_does(world: World) -> None:
    await setting(world, words=("rude",))
    await operator_sets(world, patterns=("blo+d",))

    taken = await world.alice.user.slash("song", prompt="A rude song")
    assert not taken.response.ephemeral
    here = await refused(world, Reason.FORBIDDEN_BY_OPERATOR, prompt="Blooood")
    there = private(await world.alice.user.slash("song", prompt="Blooood"))
    assert here == there
    assert "blo" not in here


async def test_lyrics_that_become_a_song_are_looked_at_too(world: World) -> None:
    answer = await world.alice.slash(world.channel, "lyrics", prompt="Rude words by the harbour")
    task = await world.app.stores.tasks.by_message(answer.response.id)
    assert task is not None
    await world.until(State.COMPLETED, task.id)
    done = await world.task(task.id)
    assert done.lyrics is not None
    word = max(done.lyrics.replace("\n", " ").split(), key=len).strip(".,!?[]")
    await setting(world, words=(word,))

    form = await world.alice.click(world.card(done), label="Make it a song")
    sung = await fill(world.alice, form)

    assert "does not take a word that is in the prompt" in (sung.followups or [sung.response])[0].content


async def test_a_text_can_be_tried_and_nothing_is_kept_of_it(world: World, ada: Any) -> None:
    await setting(world, words=("rude",), patterns=("colou?r",))
    shown = await panel(world, ada, Topic.FILTER)
    tried = {"a rùde song": "Refused: rude is", "many colors": "Refused: colou?r is", "a crude song": "Taken:"}

    for text, outcome in tried.items():
        await fill(ada, await ada.click(shown.response, label="Try a text"), text=text)
        assert note(shown).startswith(f"> {text}\n{outcome}")

    assert await rules(world) == Rules(words=("rude",), patterns=("colou?r",))
    await ada.click(shown.response, label="Back")
    assert "crude" not in text_of(shown.response)


async def test_a_trial_says_what_the_operator_keeps_out_without_naming_it(world: World, ada: Any) -> None:
    await operator_sets(world, words=("rude",))
    shown = await panel(world, ada, Topic.FILTER)

    await fill(ada, await ada.click(shown.response, label="Try a text"), text="a r.u.d.e song")

    assert "whoever runs this bot keeps out" in note(shown)
    assert "rude" not in text_of(shown.response)


async def test_the_filter_page_shows_the_entries_escaped(world: World, ada: Any) -> None:
    await setting(world, words=("rude", "*bad*"), patterns=("@everyone",))

    shown = await panel(world, ada, Topic.FILTER)

    assert fields(shown)["Words kept out"] == r"rude · \*bad\*"
    assert "@everyone" not in fields(shown)["Patterns kept out"]


async def test_a_version_that_nobody_knows_can_be_typed_and_is_told_to_be_unknown(world: World, ada: Any) -> None:
    shown = await panel(world, ada, Topic.SONGS)
    form = await ada.click(shown.response, label="Another version")
    answer = await fill(ada, form, version="v5")
    assert any("v5 is no version" in one.content for one in answer.followups)
    form = await ada.click(shown.response, label="Another version")
    shown = await fill(ada, form, version="chirp-v9")

    assert fields(shown)["Version"] == "chirp-v9"
    assert "I don't know the version chirp-v9" in text_of(shown.response)
    assert (await world.asked()).version == "chirp-v9"
