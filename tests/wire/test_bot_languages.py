"""The real process speaks the language of whoever reads: a member's in private, the server's on its cards."""

import pytest

from tests.wire.conftest import SHARED_LOOP, Studio
from tests.wire.test_bot_continue import reply

pytestmark = [pytest.mark.wire, SHARED_LOOP]

REFUSED = {
    "de": "Ich finde diesen Song nicht.",
    "en-US": "I can't find that song.",
    "en-GB": "I can't find that song.",
    "fr": "I can't find that song.",
}

FOR = {"en-US": "For <@", "fr": "For <@", "de": "Für <@", "ja": "> さんのリクエスト"}
"""How a card begins to say whose it is."""


async def test_the_commands_are_made_known_in_each_language(shared: Studio) -> None:
    song = next(command for command in shared.discord.commands if command["name"] == "song")
    title = next(option for option in song["options"] if option["name"] == "title")

    assert song["name_localizations"] == {"de": "lied", "es-ES": "cancion", "es-419": "cancion", "ja": "曲"}
    assert song["description_localizations"]["ja"] == "あなたの言葉から曲を作ります"
    assert title["name_localizations"]["es-419"] == "título"
    assert title["description_localizations"]["de"] == "Wie der Song heißen soll"


async def test_menus_are_made_known_in_each_language(shared: Studio) -> None:
    menus = {command["name"]: command for command in shared.discord.commands if command["type"] == 3}

    assert set(menus) == {"Continue this song", "Moderate"}
    assert all(set(menu["name_localizations"]) == {"de", "es-ES", "es-419", "ja"} for menu in menus.values())
    assert menus["Continue this song"]["name_localizations"]["de"] == "Diesen Song fortsetzen"


@pytest.mark.parametrize("locale", REFUSED)
async def test_a_refusal_is_in_the_language_of_the_member(
    shared: Studio, locale: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord = shared.discord
    monkeypatch.setattr(discord.alice, "locale", locale)

    answer = await discord.slash(discord.alice, discord.songs, "continue", song="999999")

    assert answer.ephemeral
    assert answer.shown.text.startswith(REFUSED[locale])


@pytest.mark.parametrize(("member", "server"), [("de", "en-US"), ("en-US", "de"), ("de", "ja"), ("ja", "fr")])
async def test_a_card_is_in_the_language_of_the_server(
    shared: Studio, member: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord = shared.discord
    assert discord.songs.guild is not None
    monkeypatch.setattr(discord.alice, "locale", member)
    monkeypatch.setattr(discord.songs.guild, "locale", server)

    card = (await shared.song(f"A song of {member} in {server}")).shown

    assert (await shared.until_row(card, lambda row: row["state"] != "received"))["locale"] == server
    assert FOR[server] in card.text


async def test_a_question_that_all_can_see_stays_in_the_language_of_the_server(
    shared: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    discord = shared.discord
    card = await shared.finished("Asked in English")
    question = await reply(shared, discord.alice, await shared.ping_of(card), "a softer bridge")
    monkeypatch.setattr(discord.alice, "locale", "de")

    await discord.click(discord.alice, question, "Cancel")

    assert question.text == "Nothing was started."
