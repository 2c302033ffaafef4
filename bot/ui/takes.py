"""What the takes of a song are called, and what there is to say of each; the only one of a song has no name."""

from collections.abc import Collection, Iterable, Iterator

from bot.domain.takes import Take
from bot.domain.tasks import MusicTask
from bot.service import title_of
from bot.ui import texts
from bot.ui.words import N_, Words

TAKE = N_("Take {number}")
WITHIN = N_("take {number}")
"""The same within a name or a sentence."""


def label_of(task: MusicTask, number: int, words: Words) -> str:
    """As in "Take 2"; empty for the only take of a song."""
    return words(TAKE, number=number) if _has_several(task) else ""


def told_by_take(said: Iterable[tuple[int, str]], takes: int, words: Words) -> list[str]:
    """Sentences about single takes, each once: "Take 1, Take 2: …". What holds for all of them names none."""
    told: dict[str, list[int]] = {}
    for number, sentence in said:
        told.setdefault(sentence, []).append(number)
    return [
        sentence
        if len(numbers) == takes
        else f"{', '.join(words(TAKE, number=number) for number in numbers)}: {sentence}"
        for sentence, numbers in told.items()
    ]


def within(task: MusicTask, number: int, words: Words) -> str:
    """As in "take 2"; empty for the only take of a song."""
    return words(WITHIN, number=number) if _has_several(task) else ""


def titled(task: MusicTask, number: int, words: Words) -> str:
    """The title, with the take where there are several: "Low Tide (take 2)"."""
    return f"{title_of(task)} ({name})" if (name := within(task, number, words)) else title_of(task)


# --- on the card of a finished song ----------------------------------------------------------------------------------


def carries(attached: Collection[int] | None, take: Take) -> bool:
    """Whether a card that carries these takes, or all, carries this one, so that no link to it is needed."""
    return attached is None or take.number in attached


def lengths(task: MusicTask, words: Words) -> str:
    """As in "Take 1: 2:31 · Take 2: 2:48", as far as they are known."""
    known = ((take.number, take.plays_s) for take in task.takes if take.plays_s)
    return " · ".join(f"{label_of(task, number, words)}: {texts.clock_time(int(plays_s))}" for number, plays_s in known)


def remarks(task: MusicTask, attached: Collection[int] | None, words: Words) -> list[str]:
    """Where takes are not quite what TokenLab made, or not attached."""
    said = [
        (take.number, sentence) for take in task.takes
        for sentence in _remarks_on(take, task, words, is_carried=carries(attached, take))
    ]  # fmt: skip
    return told_by_take(said, len(task.takes), words)


def _remarks_on(take: Take, task: MusicTask, words: Words, *, is_carried: bool) -> Iterator[str]:
    file = take.file
    if file and file.whole_s:
        yield words(texts.CUT_SHORT, time=texts.clock_time(int(file.whole_s)))
    if not is_carried:
        yield words(_why_linked(take, task))
    elif file and file.encoded_kbps:
        yield words(texts.ENCODED, kind="Opus" if file.name.endswith(".ogg") else "MP3", rate=file.encoded_kbps)


def _why_linked(take: Take, task: MusicTask) -> str:
    if take.file and task.attach_after is not None:
        return texts.LINK_UNTIL_ATTACHED
    if take.file and (not task.media_wanted or take.file.size_bytes > task.attachment_limit_bytes):
        return texts.LINK_ONLY
    return texts.LINK_GONE if take.is_given_up else texts.LINK_FOR_NOW


def _has_several(task: MusicTask) -> bool:
    return len(task.takes) > 1
