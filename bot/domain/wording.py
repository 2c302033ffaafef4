"""What a wish becomes in a request: which of its texts are sent as prompt, title and tags."""

from dataclasses import dataclass

from bot.domain.tasks import MusicTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The texts of a wish as the provider gets them."""

    prompt: str
    title: str | None = None
    tags: str | None = None


def worded(*, prompt: str, title: str | None, tags: str | None, title_is_ours: bool) -> Sent:
    """The texts to send for a wish.

    Args:
        prompt: the words of the wish.
        title: what the song is called here.
        tags: its styles.
        title_is_ours: whether its member has not typed the title: then it is not sent.
    """
    return Sent(prompt=prompt, title=None if title_is_ours else title, tags=tags)


def sent_for(task: MusicTask) -> Sent:
    """The texts to send for a task."""
    return worded(prompt=task.prompt, title=task.title, tags=task.tags, title_is_ours=task.title_is_ours)
