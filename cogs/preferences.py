"""`/preferences`: what a member chooses for good, on a private panel that shows what is chosen now."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.members import PreferenceChanges, Preferences, Telling
from bot.domain.versions import VERSION_MAX_CHARS
from bot.domain.wishes import TAGS_MAX_CHARS
from bot.service import Service
from bot.ui import texts
from bot.ui.buttons import Control, menu_of, view_of
from bot.ui.card import Button, Press
from bot.ui.client import MusicBot, say, words_of
from bot.ui.escape import inline
from bot.ui.forms import Field, Form, Values, form_of
from bot.ui.limits import EMBED_FIELD_CHARS, OPTION_CHARS
from bot.ui.prices import price_words
from bot.ui.words import N_, Words
from cogs.answers import OPEN, check_own, model_options, open_options, version_note, version_options

VOCALS = {False: N_("With vocals"), True: N_("Instrumental")}


class PreferencesCog(commands.Cog):
    """Asks members what they want for good."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service
        bot.on_press(
            {
                Press.PREFER_TELLING: self._choose_telling,
                Press.PREFER_MODEL: self._choose_model,
                Press.PREFER_VERSION: self._choose_version,
                Press.PREFER_OTHER_VERSION: self._ask_version,
                Press.PREFER_VOCALS: self._choose_vocals,
                Press.PREFER_STYLES: self._ask_styles,
                Press.PREFER_NOTHING: self._choose_nothing,
            }
        )
        bot.on_form({Form.TAGS: self._choose_styles, Form.VERSION: self._name_version})

    @app_commands.command(
        name="preferences", description=N_("How I tell you, and what your songs are like where you don't say")
    )
    async def preferences(self, interaction: discord.Interaction[MusicBot]) -> None:
        """Answer with the panel."""
        panel = await self._panel(interaction)
        await say(interaction, "", embed=panel.embed(), view=panel.view())

    async def _choose_telling(self, interaction: discord.Interaction[MusicBot], owner: int, picked: str) -> None:
        await self._change(interaction, owner, PreferenceChanges(telling=Telling(picked)))

    async def _choose_model(self, interaction: discord.Interaction[MusicBot], owner: int, picked: str) -> None:
        await self._change(interaction, owner, PreferenceChanges(model=None if picked == OPEN else picked))

    async def _choose_version(self, interaction: discord.Interaction[MusicBot], owner: int, picked: str) -> None:
        await self._change(interaction, owner, PreferenceChanges(version=None if picked == OPEN else picked))

    async def _ask_version(self, interaction: discord.Interaction[MusicBot], owner: int) -> None:
        check_own(interaction, owner)
        words = words_of(interaction)
        version = (await self._service.preferring.get(owner)).version or ""
        hint = words("A word like chirp-v5")
        field = Field(
            name="version", label=words("Version"), value=version, placeholder=hint, max_chars=VERSION_MAX_CHARS
        )
        title = words("Another version")
        await interaction.response.send_modal(form_of(Form.VERSION, owner, title=title, fields=[field]))

    async def _name_version(self, interaction: discord.Interaction[MusicBot], values: Values, owner: int) -> None:
        await self._change(interaction, owner, PreferenceChanges(version=values["version"].strip() or None))

    async def _choose_vocals(self, interaction: discord.Interaction[MusicBot], owner: int, picked: str) -> None:
        await self._change(interaction, owner, PreferenceChanges(instrumental=picked == str(True)))

    async def _ask_styles(self, interaction: discord.Interaction[MusicBot], owner: int) -> None:
        check_own(interaction, owner)
        words = words_of(interaction)
        tags = (await self._service.preferring.get(owner)).tags or ""
        hint = words("blues, acoustic, slow")
        field = Field(name="tags", label=words("Styles"), value=tags, placeholder=hint, max_chars=TAGS_MAX_CHARS)
        await interaction.response.send_modal(form_of(Form.TAGS, owner, title=words("Styles"), fields=[field]))

    async def _choose_styles(self, interaction: discord.Interaction[MusicBot], values: Values, owner: int) -> None:
        await self._change(interaction, owner, PreferenceChanges(tags=values["tags"]))

    async def _choose_nothing(self, interaction: discord.Interaction[MusicBot], owner: int) -> None:
        check_own(interaction, owner)
        await self._service.preferring.reset(owner)
        await self._show(interaction)

    async def _change(self, interaction: discord.Interaction[MusicBot], owner: int, changes: PreferenceChanges) -> None:
        """Refused or not, the panel shows what is chosen now: a menu would go on showing what was picked."""
        check_own(interaction, owner)
        try:
            await self._service.preferring.change(owner, changes)
        finally:
            await self._show(interaction)

    async def _show(self, interaction: discord.Interaction[MusicBot]) -> None:
        panel = await self._panel(interaction)
        await interaction.response.edit_message(embed=panel.embed(), view=panel.view())

    async def _panel(self, interaction: discord.Interaction[MusicBot]) -> "Panel":
        chosen = await self._service.preferring.get(interaction.user.id)
        return Panel(chosen, self._service, words_of(interaction))


class Panel:
    """How the preferences of a member look."""

    def __init__(self, chosen: Preferences, service: Service, words: Words) -> None:
        self._chosen = chosen
        self._service = service
        self._words = words
        self._models = service.asking.music_models()
        self._usable_model = service.preferring.usable_model(chosen)

    def embed(self) -> discord.Embed:
        """What is chosen, in words."""
        chosen, words = self._chosen, self._words
        fields = [
            (words("How I tell you"), words(texts.TELLING[chosen.telling])),
            (words("Model"), self._model_words()),
            (words("Version"), self._version_words()),
            (words("Vocals"), words(VOCALS[chosen.instrumental])),
            (words("Styles"), inline(chosen.tags, EMBED_FIELD_CHARS) if chosen.tags else words("none")),
        ]
        embed = discord.Embed(title=words("Your preferences"), description=words(texts.PREFERENCES))
        for name, value in fields:
            embed.add_field(name=name, value=value, inline=False)
        return embed

    def _version_words(self) -> str:
        if (version := self._chosen.version) is None:
            return self._words(texts.BOTS_CHOICE)
        return "\n".join(filter(None, [version, version_note(self._service, version, self._words)]))

    def _model_words(self) -> str:
        if (model := self._chosen.model) is None:
            return self._words(texts.BOTS_CHOICE)
        if self._usable_model is None:
            return self._words(texts.MODEL_GONE, model=inline(model, OPTION_CHARS))
        prices = {one.id: price_words(one.price, self._words) for one in self._models}
        return " · ".join(filter(None, (inline(self._usable_model, OPTION_CHARS), prices.get(self._usable_model))))

    def view(self) -> discord.ui.View:
        """The menus, and below them the buttons."""
        owner, words = self._chosen.user_id, self._words
        styles = Button(label=words("Styles"), press=Press.PREFER_STYLES, subject=owner)
        reset = Button(
            label=words("Back to the beginning"), press=Press.PREFER_NOTHING, subject=owner,
            is_disabled=self._chosen == Preferences(user_id=owner),
        )  # fmt: skip
        version = Button(label=words("Another version"), press=Press.PREFER_OTHER_VERSION, subject=owner)
        return view_of([*self._menus(), styles, version, reset])

    def _menus(self) -> list[Control]:
        chosen, words, owner = self._chosen, self._words, self._chosen.user_id
        tellings = [
            discord.SelectOption(
                label=words(texts.TELLING_LABEL[one]), value=one, description=words(texts.TELLING[one])
            )
            for one in Telling
        ]
        model = self._usable_model or chosen.model
        models = open_options(
            model_options(self._models, words), model, words, label=words("Model: the bot's own choice")
        )
        known = version_options(self._service.asking.versions())
        versions = open_options(known, chosen.version, words, label=words("Version: the bot's own choice"))
        vocals = [discord.SelectOption(label=words(VOCALS[one]), value=str(one)) for one in VOCALS]
        return [
            menu_of(Press.PREFER_TELLING, owner, tellings, chosen.telling),
            menu_of(Press.PREFER_MODEL, owner, models, model or OPEN),
            menu_of(Press.PREFER_VERSION, owner, versions, chosen.version or OPEN),
            menu_of(Press.PREFER_VOCALS, owner, vocals, str(chosen.instrumental)),
        ]


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(PreferencesCog(bot))
