"""Words in a person's language: the English ones stand in the code, their translations in `locales/*.po`."""

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).parent / "locales"
LANGUAGES = ("de", "es", "ja")
"""Languages beside English, each a file of `FOLDER`."""
NAMES = {"en": "English", "de": "Deutsch", "es": "Español", "ja": "日本語"}
"""What each language calls itself."""
COMMAND_NAME = "command name"
OPTION_NAME = "option name"
"""Contexts in the files: as a name, a word follows Discord's rules and may be another one than in a sentence."""


def N_(text: str) -> str:
    """Mark a text that is translated only where it is shown."""
    return text


class Words:
    """The texts of one language."""

    def __init__(self, translations: gettext.NullTranslations) -> None:
        self._translations = translations

    def __call__(self, text: str, /, **facts: object) -> str:
        """The text in this language, its `{names}` filled in if any facts are given."""
        translated = self._translations.gettext(text)
        return translated.format(**facts) if facts else translated

    def name(self, place: str, name: str, /) -> str:
        """What a command or an option is called in this language; `place` is one of the contexts above."""
        return self._translations.pgettext(place, name)

    def several(self, one: str, many: str, number: int, /, **facts: object) -> str:
        """The text for that many things; `{number}` stands for the number."""
        return self._translations.ngettext(one, many, number).format(number=number, **facts)


def language_of(locale: str) -> str | None:
    """The language of ours that fits a locale of Discord (`es-419` is Spanish, too); None is English."""
    language = locale.partition("-")[0]
    return language if language in LANGUAGES else None


def words_for(locale: str) -> Words:
    """The words for a locale as Discord spells it; English for languages that we don't speak."""
    return _words(language_of(locale))


@cache
def _words(language: str | None) -> Words:
    if language is None:
        return Words(gettext.NullTranslations())
    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Words(gettext.GNUTranslations(compiled))
