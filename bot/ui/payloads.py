"""What Discord leaves out of channels that we may not see, and discord.py can't read a server without."""

from collections.abc import Callable, Iterable, Iterator, MutableMapping

VOICE, STAGE = 2, 13
NEEDED: dict[str, object] = {"name": "", "position": 0}
NEEDED_IN_VOICE: dict[str, object] = {"bitrate": 64000, "user_limit": 0}
LISTS = ("available_tags", "permission_overwrites", "applied_tags")

Parse = Callable[[object], None]


def mend_events(parsers: MutableMapping[str, Parse]) -> None:
    """Let the parsers of a client see whole channels in all events that tell of them."""
    for event in ("GUILD_CREATE", "CHANNEL_CREATE", "CHANNEL_UPDATE", "INTERACTION_CREATE"):
        parsers[event] = _after_mending(parsers[event])


def _after_mending(parse: Parse) -> Parse:
    def mend_and_parse(data: object) -> None:
        for channel in _channels_in(data):
            _mend(channel)
        parse(data)

    return mend_and_parse


def _channels_in(data: object) -> Iterator[MutableMapping[str, object]]:
    """The channel that an event is about, that it comes from, or those that its server has."""
    if not isinstance(data, MutableMapping):
        return
    channels = data.get("channels")
    about = [data] if "type" in data and "token" not in data else []
    for one in (*about, data.get("channel"), *(channels if isinstance(channels, Iterable) else ())):
        if isinstance(one, MutableMapping):
            yield one


def _mend(channel: MutableMapping[str, object]) -> None:
    needed = NEEDED | (NEEDED_IN_VOICE if channel.get("type") in {VOICE, STAGE} else {})
    for name, value in needed.items():
        if channel.get(name) is None:
            channel[name] = value
    for name in LISTS:
        if name in channel and channel[name] is None:
            channel[name] = []
