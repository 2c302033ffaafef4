"""Who moderates a whole server, as far as Discord has told of it."""

from typing import Any
from unittest.mock import Mock

import discord
import pytest

from bot.ui.moderators import moderates_all


def interaction(*, channel: bool, server: bool, roles: list[str]) -> Any:
    member = Mock(spec=discord.Member, guild_permissions=discord.Permissions(manage_messages=server))
    may = discord.Permissions(manage_messages=channel)
    return Mock(guild_id=70, guild=Mock(roles=roles), permissions=may, user=member)


@pytest.mark.parametrize(
    ("channel", "server", "roles", "may"),
    [
        (True, True, ["everyone"], True),
        (True, False, ["everyone"], False),
        (False, True, ["everyone"], True),
        (True, False, [], True),
        (False, True, [], False),
    ],
)
def test_roles_tell_it_and_the_channel_only_while_they_are_unknown(
    *, channel: bool, server: bool, roles: list[str], may: bool
) -> None:
    assert moderates_all(interaction(channel=channel, server=server, roles=roles)) is may


def test_nobody_moderates_direct_messages() -> None:
    direct = Mock(guild_id=None, guild=None, permissions=discord.Permissions.all(), user=Mock(spec=discord.User))
    assert not moderates_all(direct)
