"""`/settings`: the rules of a server on a private panel, a page for each topic."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import discord
from discord import app_commands
from discord.ext import commands
from discord.ui.select import BaseSelect
from discord.ui.view import BaseView

from bot.domain.refusals import Reason, Refused
from bot.domain.rules import EVERYWHERE, PLACES_MOST, RuleChanges, Rules
from bot.domain.ruling import RuleError, read_rules
from bot.service import Service
from bot.ui import rules as pages
from bot.ui import texts
from bot.ui.buttons import Control, menu_of, view_of
from bot.ui.card import Button, Press
from bot.ui.client import MusicBot, say, words_of
from bot.ui.escape import inline
from bot.ui.forms import Form, Values, form_of
from bot.ui.moderators import known_guild, was_let_in
from bot.ui.rules import FORM_OF, FORMS, TITLE, TOPICS, RuleForm, Topic
from bot.ui.words import N_, NAMES, Words
from cogs.answers import OPEN, giving_back, model_options, open_options, version_note, version_options

CHANNELS = [
    discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum, discord.ChannelType.category,
    discord.ChannelType.voice, discord.ChannelType.stage_voice,
]  # fmt: skip
TRIED_CHARS = 300
ENTRY_CHARS = 200


class SettingsCog(commands.Cog):
    """Lets the admins of a server set its rules; every page shows what holds after each change, refused or not."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service
        bot.on_press(
            {
                Press.RULES_TOPIC: self._turn_to,
                Press.RULES_PAGE: self._turn_back,
                Press.RULES_FORM: self._ask,
                Press.RULES_KEEP: self._keep,
                Press.RULES_FORGET: self._forget_gone,
                Press.RULES_CHANNELS: self._choose_channels,
                Press.RULES_ROLES: self._choose_roles,
                Press.RULES_WARNING: self._choose_warning,
                Press.RULES_MODEL: self._choose_model,
                Press.RULES_VERSION: self._choose_version,
                Press.RULES_OTHERS: self._choose_others,
                Press.RULES_LOCALE: self._choose_locale,
            }
        )
        bot.on_form({Form.RULES: self._filled})

    @app_commands.command(name="settings", description=N_("Set what holds for this server"))
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)  # `guild_only` adds, it never takes
    @app_commands.default_permissions(manage_guild=True)
    async def settings(self, interaction: discord.Interaction[MusicBot]) -> None:
        """Answer with the first page."""
        if interaction.guild_id is None:  # Discord does not offer it there
            raise Refused(Reason.NOT_ADMIN)
        embed, view = await self._page(interaction, Topic.START)
        await say(interaction, "", embed=embed, view=view)

    # --- pages -------------------------------------------------------------------------------------------------------

    async def _turn_to(self, interaction: discord.Interaction[MusicBot], guild_id: int, picked: str) -> None:
        _check(interaction, guild_id)
        await self._show(interaction, Topic(picked))

    async def _turn_back(self, interaction: discord.Interaction[MusicBot], guild_id: int, place: int) -> None:
        _check(interaction, guild_id)
        await self._show(interaction, TOPICS[place])

    async def _show(
        self, interaction: discord.Interaction[MusicBot], topic: Topic, note: str = "", *more: Button
    ) -> None:
        embed, view = await self._page(interaction, topic, note, *more)
        await interaction.response.edit_message(embed=embed, view=view)

    async def _page(
        self, interaction: discord.Interaction[MusicBot], topic: Topic, note: str = "", *more: Button
    ) -> tuple[discord.Embed, discord.ui.View]:
        words = words_of(interaction)
        rules = (await self._service.ruling.get(interaction.guild_id or EVERYWHERE)).rules
        if topic is Topic.SONGS and rules.model is not None and self._service.ruling.usable_model(rules) is None:
            note = words(texts.MODEL_GONE, model=inline(rules.model, ENTRY_CHARS))
        if topic is Topic.SONGS:
            note = "\n".join(filter(None, [note, version_note(self._service, rules.version, words)]))
        controls = Controls(interaction, rules, self._service, words)
        silent = [words(pages.NOT_WRITABLE, channel=f"<#{one}>") for one in controls.closed(topic)]
        note = "\n".join(filter(None, [note, pages.gone_words(controls.gone(topic), words), *silent]))
        return pages.sheet_of(topic, rules, words, note=note), view_of([*controls.of(topic), *more])

    # --- what is picked ----------------------------------------------------------------------------------------------

    async def _choose_channels(
        self, interaction: discord.Interaction[MusicBot], guild_id: int, picked: Sequence[int]
    ) -> None:
        await self._change(
            interaction, guild_id, Topic.PLACES, RuleChanges(channels=_here(interaction, "get_channel", picked))
        )

    async def _choose_roles(
        self, interaction: discord.Interaction[MusicBot], guild_id: int, picked: Sequence[int]
    ) -> None:
        await self._change(
            interaction, guild_id, Topic.PLACES, RuleChanges(roles=_here(interaction, "get_role", picked))
        )

    async def _choose_warning(
        self, interaction: discord.Interaction[MusicBot], guild_id: int, picked: int | None = None
    ) -> None:
        here = _here(interaction, "get_channel", [picked] if picked else [])
        await self._change(interaction, guild_id, Topic.BUDGET, RuleChanges(warning_channel_id=next(iter(here), None)))

    async def _choose_model(self, interaction: discord.Interaction[MusicBot], guild_id: int, picked: str) -> None:
        await self._change(interaction, guild_id, Topic.SONGS, RuleChanges(model=None if picked == OPEN else picked))

    async def _choose_version(self, interaction: discord.Interaction[MusicBot], guild_id: int, picked: str) -> None:
        await self._change(interaction, guild_id, Topic.SONGS, RuleChanges(version=None if picked == OPEN else picked))

    async def _choose_others(self, interaction: discord.Interaction[MusicBot], guild_id: int, picked: str) -> None:
        may = picked == str(True)
        await self._change(interaction, guild_id, Topic.SONGS, RuleChanges(others_may_continue=may))

    async def _choose_locale(self, interaction: discord.Interaction[MusicBot], guild_id: int, picked: str) -> None:
        await self._change(
            interaction, guild_id, Topic.LANGUAGE, RuleChanges(locale=picked if picked in NAMES else None)
        )

    async def _change(
        self,
        interaction: discord.Interaction[MusicBot],
        guild_id: int,
        topic: Topic,
        changes: RuleChanges,
    ) -> None:
        _check(interaction, guild_id)
        note = ""
        try:
            lower = await self._service.ruling.change(guild_id, interaction.user.id, changes)
            note = _lower(lower, words_of(interaction))
        finally:
            await self._show(interaction, topic, note)

    # --- what is typed -----------------------------------------------------------------------------------------------

    async def _ask(self, interaction: discord.Interaction[MusicBot], guild_id: int, place: int) -> None:
        _check(interaction, guild_id)
        words, form = words_of(interaction), FORMS[place]
        rules = (await self._service.ruling.get(guild_id)).rules
        title, fields = words(FORM_OF[form][1]), pages.fields_of(form, rules, words)
        seen = pages.mark(form, rules, words)
        await interaction.response.send_modal(form_of(Form.RULES, guild_id, place, seen, title=title, fields=fields))

    async def _filled(
        self, interaction: discord.Interaction[MusicBot], values: Values, guild_id: int, place: int, seen: int
    ) -> None:
        words, form = words_of(interaction), FORMS[place]
        if form is RuleForm.TRIAL:
            _check(interaction, guild_id)
            await self._show(interaction, Topic.FILTER, await self._tried(guild_id, values["text"], words))
            return
        typed = pages.typed_for(form, values)
        async with giving_back(interaction, pages.typed_in(typed, words)):
            _check(interaction, guild_id)
            try:
                changes = read_rules(typed)
            except RuleError:
                await self._show(interaction, FORM_OF[form][0])
                raise
            if pages.mark(form, (await self._service.ruling.get(guild_id)).rules, words) != seen:
                await self._show(interaction, FORM_OF[form][0])
                raise Refused(Reason.FORM_OUTDATED)
            days = changes.keep_days
            if isinstance(days, int) and (lost := await self._service.ruling.lost_by(guild_id, days)):
                await self._ask_to_keep(interaction, days, lost)
                return
            await self._change(interaction, guild_id, FORM_OF[form][0], changes)

    async def _ask_to_keep(self, interaction: discord.Interaction[MusicBot], days: int, lost: int) -> None:
        words = words_of(interaction)
        surely = Button(
            label=words(pages.KEEP_SURELY, number=days), press=Press.RULES_KEEP,
            subject=interaction.guild_id or EVERYWHERE, number=days, style=discord.ButtonStyle.danger,
        )  # fmt: skip
        await self._show(interaction, Topic.KEEPING, pages.erased_words(lost, words), surely)

    async def _forget_gone(self, interaction: discord.Interaction[MusicBot], guild_id: int, place: int) -> None:
        _check(interaction, guild_id)
        topic, rules = TOPICS[place], (await self._service.ruling.get(guild_id)).rules
        gone = Controls(interaction, rules, self._service, words_of(interaction)).gone(topic)
        left = RuleChanges()
        if ids := gone.get("channels"):
            left = replace(left, channels=rules.channels - ids)
        if ids := gone.get("roles"):
            left = replace(left, roles=rules.roles - ids)
        if gone.get("warning_channel_id"):
            left = replace(left, warning_channel_id=None)
        await self._change(interaction, guild_id, topic, left)

    async def _keep(self, interaction: discord.Interaction[MusicBot], guild_id: int, days: int) -> None:
        await self._change(interaction, guild_id, Topic.KEEPING, read_rules({"keep_days": str(days)}))

    async def _tried(self, guild_id: int, text: str, words: Words) -> str:
        """What would become of a wish with this text."""
        tried = f"> {inline(text, TRIED_CHARS)}"
        if (entry := await self._service.ruling.entry_in(guild_id, text)) is not None:
            return f"{tried}\n{words(pages.REFUSED_BY, entry=inline(entry, ENTRY_CHARS))}"
        kept_out = await self._service.ruling.entry_in(EVERYWHERE, text) is not None
        return f"{tried}\n{words(pages.REFUSED_EVERYWHERE if kept_out else pages.TAKEN)}"


class Controls:
    """What can be picked and pressed on each page."""

    def __init__(
        self, interaction: discord.Interaction[MusicBot], rules: Rules, service: Service, words: Words
    ) -> None:
        self._guild = known_guild(interaction)
        self._guild_id = interaction.guild_id or EVERYWHERE
        self._rules = rules
        self._service = service
        self._words = words

    def of(self, topic: Topic) -> list[Button | discord.ui.Item[BaseView]]:
        """The menus of a page, and below them the buttons; from each page, one leads back."""
        if topic is Topic.START:
            return [self._topics()]
        forms = [self._opening(form) for form in FORMS if FORM_OF[form][0] is topic]
        return [*self._menus(topic), self._back(), *forms, *self._forgetting(topic)]

    def gone(self, topic: Topic) -> Mapping[str, frozenset[int]]:
        """Channels and roles that the rules of a page name although they have been deleted, by rule."""
        if self._guild is None:
            return {}
        rules, channel, role = self._rules, self._guild.get_channel, self._guild.get_role
        match topic:
            case Topic.PLACES:
                return {
                    "channels": frozenset(one for one in rules.channels if channel(one) is None),
                    "roles": frozenset(one for one in rules.roles if role(one) is None),
                }
            case Topic.BUDGET:
                warned = rules.warning_channel_id
                return {"warning_channel_id": frozenset({warned} if warned and channel(warned) is None else ())}
            case _:
                return {}

    def closed(self, topic: Topic) -> list[int]:
        """The channel of a page into which a warning should go, if the bot may not write there."""
        chosen = self._rules.warning_channel_id if topic is Topic.BUDGET else None
        channel = self._guild.get_channel(chosen) if self._guild and chosen else None
        if channel is None or self._guild is None:
            return []
        may = channel.permissions_for(self._guild.me)
        return [] if may.view_channel and may.send_messages else [channel.id]

    def _forgetting(self, topic: Topic) -> list[Button]:
        if not any(self.gone(topic).values()):
            return []
        label, place = self._words(pages.FORGET_GONE), TOPICS.index(topic)
        return [Button(label=label, press=Press.RULES_FORGET, subject=self._guild_id, number=place)]

    def _topics(self) -> Control:
        words = self._words
        options = [discord.SelectOption(label=words(TITLE[one]), value=one) for one in TOPICS if one is not Topic.START]
        menu: discord.ui.Select[BaseView] = discord.ui.Select(options=options, placeholder=words("Pick what to change"))
        return self._control(Press.RULES_TOPIC, menu)

    def _back(self) -> Button:
        return Button(label=self._words("Back"), press=Press.RULES_PAGE, subject=self._guild_id, number=0)

    def _opening(self, form: RuleForm) -> Button:
        label, style = self._words(FORM_OF[form][1]), discord.ButtonStyle.primary
        place = FORMS.index(form)
        return Button(label=label, press=Press.RULES_FORM, subject=self._guild_id, number=place, style=style)

    def _menus(self, topic: Topic) -> Sequence[Control]:
        words = self._words
        match topic:
            case Topic.PLACES:
                return [self._channels(), self._roles()]
            case Topic.BUDGET:
                return [self._warning()]
            case Topic.SONGS:
                return self._songs()
            case Topic.LANGUAGE:
                own = discord.SelectOption(label=words("As Discord's settings of this server say"), value=OPEN)
                options = [own, *(discord.SelectOption(label=name, value=one) for one, name in NAMES.items())]
                return [menu_of(Press.RULES_LOCALE, self._guild_id, options, self._rules.locale or OPEN)]
            case _:
                return []

    def _songs(self) -> list[Control]:
        rules, words = self._rules, self._words
        usable = self._service.ruling.usable_model(rules) or rules.model
        offered = model_options(self._service.asking.music_models(), words)
        models = open_options(offered, usable, words, label=words("Model: the bot's own choice"))
        known = version_options(self._service.asking.versions())
        versions = open_options(known, rules.version, words, label=words("Version: the bot's own choice"))
        others = [discord.SelectOption(label=words(pages.OTHERS[one]), value=str(one)) for one in pages.OTHERS]
        return [
            menu_of(Press.RULES_MODEL, self._guild_id, models, usable or OPEN),
            menu_of(Press.RULES_VERSION, self._guild_id, versions, rules.version or OPEN),
            menu_of(Press.RULES_OTHERS, self._guild_id, others, str(rules.others_may_continue)),
        ]

    def _channels(self) -> Control:
        """What has been deleted since can't be shown as picked; Discord would refuse the menu."""
        known = sorted(self._rules.channels - self.gone(Topic.PLACES).get("channels", frozenset()))
        menu: discord.ui.ChannelSelect[BaseView] = discord.ui.ChannelSelect(
            channel_types=CHANNELS, placeholder=self._words("Channels: everywhere"), min_values=0,
            max_values=PLACES_MOST, default_values=[discord.Object(one) for one in known],
        )  # fmt: skip
        return self._control(Press.RULES_CHANNELS, menu)

    def _roles(self) -> Control:
        known = sorted(self._rules.roles - self.gone(Topic.PLACES).get("roles", frozenset()))
        menu: discord.ui.RoleSelect[BaseView] = discord.ui.RoleSelect(
            placeholder=self._words("Roles: everybody"), min_values=0, max_values=PLACES_MOST,
            default_values=[discord.Object(one) for one in known],
        )  # fmt: skip
        return self._control(Press.RULES_ROLES, menu)

    def _warning(self) -> Control:
        chosen = self._rules.warning_channel_id
        known = [chosen] if chosen and not any(self.gone(Topic.BUDGET).values()) else []
        menu: discord.ui.ChannelSelect[BaseView] = discord.ui.ChannelSelect(
            channel_types=CHANNELS[:2], placeholder=self._words("Warn in: nowhere"), min_values=0,
            default_values=[discord.Object(one) for one in known],
        )  # fmt: skip
        return self._control(Press.RULES_WARNING, menu)

    def _control(self, press: Press, menu: BaseSelect[BaseView]) -> Control:
        menu.custom_id = f"encore:menu:{press}:{self._guild_id}"
        return Control(press, [self._guild_id], menu)


def _lower(lower: Mapping[str, int | Decimal], words: Words) -> str:
    """Which limits are lower now than what is in use."""
    lines = [
        words(pages.LOWER, rule=words(texts.RULE[name]), number=pages.amount_words(number, words))
        for name, number in lower.items()
    ]
    return "\n".join(lines)


def _here(interaction: discord.Interaction[MusicBot], known: str, picked: Iterable[int]) -> frozenset[int]:
    """What was picked, without what this server does not have, as far as it is known: it may be made up."""
    guild = known_guild(interaction)
    return frozenset(one for one in picked if guild is None or getattr(guild, known)(one) is not None)


def _check(interaction: discord.Interaction[MusicBot], guild_id: int) -> None:
    """A private panel can be pressed by the member it was opened for; later, and elsewhere, rights are checked.

    Raises:
        Refused: it is the panel of another server, or this member may not do this.
    """
    if interaction.guild_id != guild_id:
        raise Refused(Reason.OTHER_SERVER)
    if not was_let_in(interaction) and not interaction.permissions.manage_guild:
        raise Refused(Reason.NOT_ADMIN)


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(SettingsCog(bot))
