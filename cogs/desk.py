"""The lyrics desk: shows lyrics whole, changes them part by part, brings earlier texts back, makes a song of them."""

from collections.abc import Sequence

import discord
from discord.ext import commands
from discord.utils import format_dt

from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import MusicTask, TaskId
from bot.domain.wishes import SongWish
from bot.service import Earlier, title_of
from bot.ui import lyrics, texts
from bot.ui.attachments import text_file
from bot.ui.buttons import view_of
from bot.ui.card import Button, Press
from bot.ui.cards import LYRICS_COLOUR
from bot.ui.client import MusicBot, asker_of, say, words_of
from bot.ui.forms import Field, Form, Values, form_of
from bot.ui.words import Words
from cogs.answers import giving_back, named, show_card, song_fields, song_of, typed_in

LABEL_CHARS = 40
EARLIER_PAGES = 100
"""More pages than any text has: page 2 of version 3 is number 302."""


class DeskCog(commands.Cog):
    """Answers the buttons about lyrics, all in private; a finished form changes the card through the courier."""

    def __init__(self, bot: MusicBot) -> None:
        self._service = bot.service
        bot.on_press(
            {
                Press.READ_LYRICS: self._read,
                Press.EDIT_LYRICS: self._edit,
                Press.EARLIER_LYRICS: self._earlier,
                Press.TAKE_BACK: self._take_back,
                Press.MAKE_SONG: self._ask_song,
            }
        )
        bot.on_form({Form.EDIT_LYRICS: self._edited, Form.MAKE_SONG: self._make_song})

    async def _read(self, interaction: discord.Interaction[MusicBot], subject: int, page: int | None = None) -> None:
        """One page, and with the first one the whole text as a file; everybody who sees the card may read them."""
        asker = asker_of(interaction)
        task = await self._service.library.task(TaskId(subject), asker)
        if not task.lyrics:
            raise Refused(Reason.NO_LYRICS)
        found = lyrics.pages(task.lyrics)
        number, embed = _page(found, page or 1, words_of(interaction))
        embed.title = named(task)
        buttons = _turning(Press.READ_LYRICS, task, number, len(found), words_of(interaction))
        if page is not None:
            await _answer(interaction, "", buttons, embed=embed)
            return
        files = []
        if len(found) > 1 and asker.attachment_limit_bytes:
            files.append(text_file(task, task.lyrics, words_of(interaction)))
        await say(interaction, "", embed=embed, view=view_of(buttons), files=files)

    # --- changing ----------------------------------------------------------------------------------------------

    async def _edit(self, interaction: discord.Interaction[MusicBot], subject: int, number: int | None = None) -> None:
        """The parts to choose from; the form of one, if it was chosen or there is no choice."""
        asker = asker_of(interaction)
        task = await self._service.lyrics.editable(TaskId(subject), asker)
        parts = lyrics.parts(task.lyrics or "")
        if number is None and (len(parts) > 1 or await self._service.lyrics.has_earlier(task)):
            await self._show_parts(interaction, task)
            return
        number = number or 0
        if number >= len(parts):
            raise Refused(Reason.FORM_OUTDATED)
        await interaction.response.send_modal(_form(task, parts[number], number, words_of(interaction)))

    async def _show_parts(self, interaction: discord.Interaction[MusicBot], task: MusicTask, said: str = "") -> None:
        words = words_of(interaction)
        buttons = [
            Button(label=_label(number, part), press=Press.EDIT_LYRICS, subject=task.id, number=number)
            for number, part in enumerate(lyrics.parts(task.lyrics or ""))
        ]
        if await self._service.lyrics.has_earlier(task):
            earlier = words("Other versions") if task.has_other_lyrics else words("Earlier versions")
            buttons.append(
                Button(label=earlier, press=Press.EARLIER_LYRICS, subject=task.id, style=discord.ButtonStyle.primary)
            )
        question = words(texts.LYRICS_PARTS, song=named(task))
        await _answer(interaction, f"{said}\n{question}".strip(), buttons)

    async def _edited(
        self, interaction: discord.Interaction[MusicBot], values: Values, subject: int, number: int, seen: int
    ) -> None:
        """Take what was typed, if the part is still what the form was opened on; else give it back."""
        words = words_of(interaction)
        again = Button(label=words("Edit"), press=Press.EDIT_LYRICS, subject=subject)
        async with giving_back(interaction, "\n".join(filter(None, values.values())), again):
            task = await self._service.lyrics.editable(TaskId(subject), asker_of(interaction))
            after = await self._change(interaction, task, values, number, seen)
            await self._show_parts(interaction, after, _outcome(task, after, words))

    async def _change(
        self, interaction: discord.Interaction[MusicBot], task: MusicTask, values: Values, number: int, seen: int
    ) -> MusicTask:
        parts = lyrics.parts(task.lyrics or "")
        if number >= len(parts) or lyrics.mark(parts[number]) != seen:
            raise Refused(Reason.FORM_OUTDATED)
        typed = lyrics.refilled(parts[number], values)
        if typed == parts[number].as_written():
            return task
        text = lyrics.with_part(parts, number, typed)
        return await self._service.lyrics.edit(task.id, asker_of(interaction), text, instead_of=task.lyrics)

    # --- earlier versions --------------------------------------------------------------------------------------

    async def _earlier(self, interaction: discord.Interaction[MusicBot], subject: int, number: int = 0) -> None:
        """A page of a text that was replaced, at first of the newest."""
        wanted, page = divmod(number, EARLIER_PAGES)
        earlier = await self._service.lyrics.earlier(TaskId(subject), asker_of(interaction), wanted)
        task, version, words = earlier.task, earlier.version, words_of(interaction)
        found = lyrics.pages(version.text)
        page, embed = _page(found, page, words)
        is_other = task.result is not None and version.text in task.result.other_lyrics
        sentence = words(
            texts.LYRICS_OTHER if is_other else texts.LYRICS_VERSION,
            song=named(task),
            number=earlier.place,
            versions=earlier.count,
            when=format_dt(version.replaced_at, "R"),
        )
        take_back = Button(
            label=words("Take this one back"),
            press=Press.TAKE_BACK,
            subject=task.id,
            number=version.number,
            style=discord.ButtonStyle.primary,
        )
        back = Button(label=words("Back"), press=Press.EDIT_LYRICS, subject=task.id)
        first = version.number * EARLIER_PAGES
        turning = _turning(Press.EARLIER_LYRICS, task, page, len(found), words, before_first=first)
        buttons = [*turning, *_other_versions(earlier, words), take_back, back]
        await _answer(interaction, sentence, buttons, embed=embed)

    async def _take_back(self, interaction: discord.Interaction[MusicBot], subject: int, number: int) -> None:
        asker = asker_of(interaction)
        before = await self._service.lyrics.own(TaskId(subject), asker)
        after = await self._service.lyrics.take_back(before.id, asker, number)
        await self._show_parts(interaction, after, _outcome(before, after, words_of(interaction)))

    # --- a song of them ----------------------------------------------------------------------------------------

    async def _ask_song(self, interaction: discord.Interaction[MusicBot], subject: int) -> None:
        asker = asker_of(interaction)
        task = await self._service.lyrics.singable(TaskId(subject), asker)
        await self._service.asking.check_may_ask(asker)
        wish = await self._wish(interaction, task)
        words = words_of(interaction)
        asking = self._service.asking
        sings, negative = await asking.sings_prompt(), asking.takes_negative_tags(wish.model)
        fields = song_fields(wish, words, negative=negative, sings=sings)
        form = form_of(Form.MAKE_SONG, task.id, title=words("Make it a song"), fields=fields)
        await interaction.response.send_modal(form)

    async def _make_song(self, interaction: discord.Interaction[MusicBot], values: Values, subject: int) -> None:
        again = Button(label=words_of(interaction)("Make it a song"), press=Press.MAKE_SONG, subject=subject)
        async with giving_back(interaction, typed_in(values), again):
            task = await self._service.lyrics.singable(TaskId(subject), asker_of(interaction))
            await show_card(interaction, song_of(await self._wish(interaction, task), values))

    async def _wish(self, interaction: discord.Interaction[MusicBot], task: MusicTask) -> SongWish:
        """The song that these lyrics would be, with what its member has chosen for good."""
        title = task.title or task.made_title
        wish = SongWish(prompt=task.lyrics or "", title=title, title_is_ours=True, lyrics_id=task.id)
        return await self._service.preferring.filled(wish, interaction.user.id)


async def _answer(
    interaction: discord.Interaction[MusicBot],
    sentence: str,
    buttons: Sequence[Button],
    *,
    embed: discord.Embed | None = None,
) -> None:
    """In the private answer that was pressed, else in a new one: never in a card."""
    if interaction.message is not None and interaction.message.flags.ephemeral:
        await interaction.response.edit_message(content=sentence, embed=embed, view=view_of(buttons))
    else:
        await say(interaction, sentence, embed=embed or discord.utils.MISSING, view=view_of(buttons))


def _page(pages: Sequence[str], wanted: int, words: Words) -> tuple[int, discord.Embed]:
    """The page nearest to the wanted one, from 1 on, and its number."""
    number = min(max(wanted, 1), len(pages))
    embed = discord.Embed(description=pages[number - 1], colour=LYRICS_COLOUR)
    if len(pages) > 1:
        embed.set_footer(text=words("Page {number} of {pages}", number=number, pages=len(pages)))
    return number, embed


def _turning(
    press: Press, task: MusicTask, page: int, pages: int, words: Words, *, before_first: int = 0
) -> list[Button]:
    """To the neighbours of a page, numbered on from `before_first`; nothing where there is only one."""
    if pages == 1:
        return []
    here = before_first + page
    back = Button(label=words("Earlier page"), press=press, subject=task.id, number=here - 1, is_disabled=page == 1)
    on = Button(label=words("Next page"), press=press, subject=task.id, number=here + 1, is_disabled=page == pages)
    return [back, on]


def _other_versions(earlier: Earlier, words: Words) -> list[Button]:
    """To the neighbours of a version; nothing where only one is kept."""
    if earlier.count == 1:
        return []
    newer, older = ((earlier.version.number + step) * EARLIER_PAGES + 1 for step in (1, -1))
    press, task_id = Press.EARLIER_LYRICS, earlier.task.id
    is_newest = earlier.place == earlier.count
    return [
        Button(label=words("Newer"), press=press, subject=task_id, number=newer, is_disabled=is_newest),
        Button(label=words("Older"), press=press, subject=task_id, number=older, is_disabled=earlier.place == 1),
    ]


def _label(number: int, part: lyrics.Section) -> str:
    """A part by its heading, else by its first words; numbered, for there are many choruses."""
    name = part.name or " ".join(part.text.split()[:6])
    return f"{number + 1} · {name if len(name) <= LABEL_CHARS else f'{name[: LABEL_CHARS - 1].rstrip()}…'}"


def _form(task: MusicTask, part: lyrics.Section, number: int, words: Words) -> discord.ui.Modal:
    first, others = words("The words; empty to leave them out"), words("… and on")
    fields = [
        Field(name=name, label=others if at else first, value=text, is_long=True)
        for at, (name, text) in enumerate(lyrics.inputs(part).items())
    ]
    title = words("Edit {part}", part=part.name or title_of(task))
    return form_of(Form.EDIT_LYRICS, task.id, number, lyrics.mark(part), title=title, fields=fields)


def _outcome(before: MusicTask, after: MusicTask, words: Words) -> str:
    if after.lyrics == before.lyrics:
        return words(texts.LYRICS_SAME)
    return words(texts.LYRICS_CHANGED_KEPT if after.card_lost else texts.LYRICS_CHANGED)


async def setup(bot: MusicBot) -> None:
    """Called by discord.py."""
    await bot.add_cog(DeskCog(bot))
