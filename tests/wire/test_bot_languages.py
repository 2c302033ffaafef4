"""The real process speaks the language of whoever reads: a member's in private, the server's on its cards."""

import pytest

from tests.wire.conftest import SHARED_LOOP, Studio

pytestmark = [pytest.mark.wire, SHARED_LOOP]

REFUSED = {
    "de": "Dieses Lied finde ich nicht.",
    "en-US": "I can't find that song.",
    "en-GB": "I can't find that song.",
    "fr": "I can't find that song.",
}


async def test_the_commands_are_made_known_in_each_language(shared: Studio) -> None:
    song = next(command for command in shared.discord.commands if command["name"] == "song")
    title = next(option for option in song["options"] if option["name"] == "title")

    assert song["name_localizations"] == {"de": "lied", "es-ES": "canción", "es-419": "canción", "ja": "曲"}
    assert song["description_localizations"]["ja"] == "あなたの言葉から曲を作ります"
    assert title["name_localizations"]["es-419"] == "título"
    assert title["description_localizations"]["de"] == "Wie es heißt"


async def test_a_menu_is_made_known_in_each_language(shared: Studio) -> None:
    (menu,) = [command for command in shared.discord.commands if command["type"] == 3]

    assert set(menu["name_localizations"]) == {"de", "es-ES", "es-419", "ja"}
    assert menu["name_localizations"]["de"] == "Dieses Lied fortsetzen"


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

    card = (await shared.song("In which language?")).shown

    assert (await shared.until_row(card, lambda row: row["state"] != "received"))["locale"] == server
    if server == "en-US":
        assert "For " in card.text
