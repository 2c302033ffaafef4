"""The commands in other languages: what Discord is told when they are made known."""

from discord import Locale, app_commands
from discord.app_commands import ContextMenu, TranslationContextLocation, TranslationContextTypes, locale_str

from bot.ui.words import COMMAND_NAME, OPTION_NAME, words_for

PLACES = {
    TranslationContextLocation.command_name: COMMAND_NAME,
    TranslationContextLocation.group_name: COMMAND_NAME,
    TranslationContextLocation.parameter_name: OPTION_NAME,
}
"""Where a word is the name of something; elsewhere it is a text like any other."""


class CommandTranslator(app_commands.Translator):
    """Looks up what commands, options, choices and menus are called, and what is said about them."""

    async def translate(self, string: locale_str, locale: Locale, context: TranslationContextTypes) -> str | None:
        """The text in that language; None, which leaves it out, where it is the English one."""
        words, text = words_for(locale.value), string.message
        place = None if isinstance(context.data, ContextMenu) else PLACES.get(context.location)
        translated = words.name(place, text) if place else words(text)
        return translated if translated != text else None
