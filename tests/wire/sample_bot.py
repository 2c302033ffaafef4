"""A small discord.py bot that uses most of what the pretended Discord offers. Only for that server's own test."""

import io
import logging
import os
from typing import Any, Self

import discord
import yarl
from discord import app_commands
from discord.ext import commands

STYLES = ("rock", "rumba", "ragtime")
Interaction = discord.Interaction[Any]


class AgainButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"again:(?P<number>\d+)"):
    """A button that lives through restarts: its number is in the custom id."""

    def __init__(self, number: int) -> None:
        super().__init__(discord.ui.Button(label="Again", custom_id=f"again:{number}"))
        self.number = number

    @classmethod
    async def from_custom_id(cls, interaction: Interaction, item: discord.ui.Item[Any], match: Any, /) -> Self:
        return cls(int(match["number"]))

    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.send_modal(WishModal(self.number))


class WishModal(discord.ui.Modal, title="Another one"):
    """Asks for a text, in a labelled input."""

    wish: discord.ui.Label[Any] = discord.ui.Label(text="Your wish", component=discord.ui.TextInput(max_length=100))

    def __init__(self, number: int) -> None:
        super().__init__(custom_id=f"wish:{number}")

    async def on_submit(self, interaction: Interaction, /) -> None:
        assert isinstance(self.wish.component, discord.ui.TextInput)
        await interaction.response.send_message(f"wish: {self.wish.component.value}", ephemeral=True)


@app_commands.command(description="Make a song")
async def song(interaction: Interaction, prompt: app_commands.Range[str, 1, 5000], style: str = "rock") -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(AgainButton(7))
    card = discord.Embed(title=style, description=prompt)
    answer = await interaction.response.send_message(embed=card, view=view)
    assert interaction.channel_id is not None
    assert answer.message_id is not None
    message = interaction.client.get_partial_messageable(interaction.channel_id).get_partial_message(answer.message_id)
    await message.edit(embed=discord.Embed(title="done"), attachments=[discord.File(io.BytesIO(b"ID3" * 9), "a.mp3")])
    await interaction.followup.send("follow-up", ephemeral=True)


@song.autocomplete("style")
async def song_style(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=style.title(), value=style) for style in STYLES if style.startswith(current)]


@app_commands.command(description="Send a file of that many bytes")
async def upload(interaction: Interaction, size: int) -> None:
    await interaction.response.defer(ephemeral=True)
    try:
        await interaction.followup.send(file=discord.File(io.BytesIO(b"x" * size), "x.bin"))
    except discord.HTTPException as error:
        await interaction.followup.send(f"{error.status}/{error.code}, limit {interaction.filesize_limit}")


@app_commands.command(description="Write to the member")
async def whisper(interaction: Interaction) -> None:
    await interaction.response.defer(ephemeral=True)
    try:
        await interaction.user.send("psst")
    except discord.Forbidden as error:
        await interaction.followup.send(f"closed: {error.code}")
    else:
        await interaction.followup.send("sent")


@app_commands.command(description="Twice the same message")
async def twice(interaction: Interaction) -> None:
    assert isinstance(interaction.channel, discord.TextChannel)
    await interaction.response.send_message("sending")
    first, second = [await interaction.channel.send("once", nonce="n-1") for _ in range(2)]
    await interaction.edit_original_response(content=f"same: {first.id == second.id}")


@app_commands.command(description="For moderators")
@app_commands.default_permissions(manage_messages=True)
@app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
async def board(interaction: Interaction) -> None:
    rights, mine = interaction.permissions.manage_messages, interaction.app_permissions.attach_files
    await interaction.response.send_message(f"moderator: {rights}, files: {mine}")


@app_commands.context_menu(name="Continue")
async def continue_menu(interaction: Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"continuing {message.id}")


class SampleBot(commands.AutoShardedBot):
    """Syncs its commands at the start and answers messages with what it could read of them."""

    async def setup_hook(self) -> None:
        self.add_dynamic_items(AgainButton)
        own: tuple[app_commands.Command[Any, ..., Any], ...] = (song, upload, whisper, twice, board)
        for command in own:
            self.tree.add_command(command)
        self.tree.add_command(continue_menu)
        await self.tree.sync()

    async def on_message(self, message: discord.Message, /) -> None:
        if message.author.id != self.application_id:
            reply = message.reference is not None and message.type is discord.MessageType.reply
            await message.reply(f"read {message.content!r}, reply: {reply}", mention_author=True)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        logging.getLogger("sample").info("removed from %s", guild.name)


def main() -> None:
    discord.http.Route.BASE = os.environ["DISCORD_API_BASE"]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
    intents = discord.Intents.none()
    intents.guilds = intents.guild_messages = intents.dm_messages = True
    mentions = discord.AllowedMentions.none()
    bot = SampleBot(
        command_prefix=commands.when_mentioned, intents=intents, allowed_mentions=mentions, help_command=None
    )
    bot.run(os.environ["DISCORD_TOKEN"], log_level=logging.INFO, root_logger=True)


if __name__ == "__main__":
    main()
