"""All settings of the program: one frozen object, read once from the environment and `.env`."""

import os
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from yarl import URL

from bot.domain.members import id_of
from bot.domain.rules import LIMIT_MOST, USD_MOST
from bot.domain.secrets import may_be_allowed
from bot.domain.versions import VERSION_MAX_CHARS, is_version, same
from bot.tokenlab.models import CLIP_ID_ORDER, VERSIONS

ENV_FILE = ".env"
OUR_PREFIXES = (
    "DISCORD_",
    "MESSAGE_",
    "ALLOWED_",
    "OPERATOR_",
    "TOKENLAB_",
    "DATABASE_",
    "ENCORE_",
    "MEDIA_",
    "FIRST_",
    "NEW_SERVER_",
    "POLL_",
    "EXPECTED_",
    "TASK_",
    "SHARD_",
    "LOG_",
    "HTTP_",
)

NOT_SET = "is not set"
WHERE_FROM = {
    "DISCORD_TOKEN": "copy it from Discord's developer portal (Bot, Reset Token) into .env or the environment",
    "TOKENLAB_API_KEY": "copy it from your account at TokenLab into .env or the environment",
}
"""What to do about a setting that is missing."""
R = TypeVar("R", bound=BaseSettings)
_KEY = re.compile(r"[\x21-\x7e]+")
"""What a header can carry: ASCII without white space and control characters."""


class SettingsError(Exception):
    """Settings that can't be used: one line for each, which names the variable and never holds a value."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


def _address(value: str, form: str) -> URL:
    try:
        return URL(value)
    except ValueError:  # its text would quote the value
        raise ValueError(f"must be {form}") from None


def _origin(value: str) -> str:
    form = "an address like https://api.example.com"
    url = _address(value, form)
    if url.scheme not in {"http", "https"} or not url.host or url.user or url.query_string or url.fragment:
        raise ValueError(f"must be {form}")
    return value.rstrip("/")


def _bare_origin(value: str) -> str:
    form = "an origin without a path, like https://api.example.com"
    if _address(value, form).path not in {"", "/"}:
        raise ValueError(f"must be {form}")
    return _origin(value)


def _socket(value: str) -> str:
    form = "an address like wss://gateway.example.com"
    url = _address(value, form)
    if url.scheme not in {"ws", "wss"} or not url.host:
        raise ValueError(f"must be {form}")
    return value


def _key(value: str) -> str:
    found = value.strip()  # a mounted secret often ends with a newline
    if not found:
        raise ValueError(NOT_SET)
    if not _KEY.fullmatch(found):
        raise ValueError("must be one word of plain characters (ASCII, no white space)")
    return found


def _database(value: str) -> str:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):  # a port that is no number is quoted: it may be half of a password
        raise ValueError("must be a database address") from None
    if url.drivername not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
        raise ValueError("must begin with sqlite+aiosqlite:// or postgresql+asyncpg://")
    if url.drivername == "sqlite+aiosqlite" and url.database in {None, "", ":memory:"}:
        raise ValueError("must name a file")
    if any(name.startswith("ssl") and name != "ssl" for name in url.query):
        raise ValueError("knows none of libpq's sslmode, sslrootcert, …: use ?ssl=require (or verify-full)")
    return value


def _id(value: object) -> int:
    if (found := id_of(str(value).strip())) is None:
        raise ValueError("must be ids as Discord's “Copy ID” gives them")
    return found


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().casefold() == "none" else value


OR_NONE = BeforeValidator(_or_none)
"""The word `none` is no limit."""
Id = Annotated[int, BeforeValidator(_id)]
Key = Annotated[SecretStr, AfterValidator(lambda value: SecretStr(_key(value.get_secret_value())))]
DatabaseUrl = Annotated[SecretStr, AfterValidator(lambda value: SecretStr(_database(value.get_secret_value())))]


class _Read(BaseSettings):
    """How variables are read. Their names are those of the fields in capital letters."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        extra="ignore",
        env_ignore_empty=True,
        frozen=True,
        hide_input_in_errors=True,
    )


class LogSettings(_Read):
    """How lines are logged: known before anything is said."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    log_format: Literal["text", "json"] | None = None

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


class DatabaseSettings(_Read):
    """Where the rows are: all that the operator's commands need."""

    database_url: DatabaseUrl = SecretStr("sqlite+aiosqlite:///data/encore.db")
    database_direct_url: DatabaseUrl | None = None


class Settings(DatabaseSettings, LogSettings):
    """What the operator can set."""

    discord_token: Key
    discord_api_base: Annotated[str, AfterValidator(_origin)] = "https://discord.com/api/v10"
    discord_gateway_url: Annotated[str, AfterValidator(_socket)] | None = None
    message_content_intent: bool = False
    allowed_servers: Annotated[tuple[int, ...], NoDecode] = ()

    operator_channel: Id | None = None
    operator_ids: Annotated[tuple[Id, ...], NoDecode] = ()

    tokenlab_api_key: Key
    tokenlab_api_base: Annotated[str, AfterValidator(_bare_origin)] = "https://api.tokenlab.sh"
    tokenlab_model: str = Field(default="suno-music", min_length=1, max_length=100)
    tokenlab_lyrics_model: str | None = Field(default=None, max_length=100)
    tokenlab_version: str = "chirp-v4"
    tokenlab_versions: Annotated[tuple[str, ...], NoDecode] = VERSIONS
    tokenlab_requests_per_minute: int = Field(default=1000, ge=2, le=1_000_000)
    tokenlab_create_timeout_s: float = Field(default=60, ge=1, le=600)
    tokenlab_clip_id_order: Annotated[tuple[str, ...], NoDecode] = CLIP_ID_ORDER
    tokenlab_upload_extend: bool = False
    tokenlab_sings_prompt: Literal["auto", "true", "false"] = "auto"
    tokenlab_management_token: Key | None = None

    poll_interval_s: float = Field(default=5, ge=0.1, le=60)
    expected_song_s: float = Field(default=150, gt=0, le=86_400)
    expected_lyrics_s: float = Field(default=15, gt=0, le=86_400)
    task_deadline_s: float = Field(default=1200, ge=1, le=86_400)

    first_monthly_usd: Annotated[Decimal | None, OR_NONE] = Field(
        default=Decimal(50), ge=0, le=USD_MOST, decimal_places=2
    )
    new_server_daily_per_member: Annotated[int | None, OR_NONE] = Field(default=10, ge=0, le=LIMIT_MOST)
    new_server_daily_per_server: Annotated[int | None, OR_NONE] = Field(default=100, ge=0, le=LIMIT_MOST)

    media_dir: Path = Path("data/media")
    media_keep_days: float = Field(default=30, gt=0, le=3650)
    media_max_mb: int = Field(default=100, ge=1, le=2000)
    media_total_mb: int = Field(default=2000, ge=1)
    media_allow_private: bool = False
    media_allow_ranges: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()

    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65_535)

    encore_role: Literal["all"] = "all"
    shard_ids: Annotated[tuple[int, ...], NoDecode] = ()
    shard_count: int | None = Field(default=None, ge=1)

    @field_validator("tokenlab_clip_id_order", "tokenlab_versions", "operator_ids", "shard_ids", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Read a comma list."""
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("allowed_servers", mode="before")
    @classmethod
    def _server_ids(cls, value: object) -> object:
        """Read a comma list of ids."""
        if not isinstance(value, str):
            return value
        found = [id_of(part.strip()) for part in value.split(",") if part.strip()]
        if not found or None in found:
            raise ValueError("must be a comma list of server ids, as Discord's “Copy Server ID” gives them")
        return tuple(found)

    @field_validator("tokenlab_clip_id_order")
    @classmethod
    def _known_sources(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or set(value) - set(CLIP_ID_ORDER):
            raise ValueError(f"must be a comma list of {', '.join(CLIP_ID_ORDER)}")
        return value

    @field_validator("media_allow_ranges", mode="before")
    @classmethod
    def _ranges(cls, value: object) -> object:
        """Read a comma list of networks."""
        try:
            return (
                tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
                if isinstance(value, str)
                else value
            )
        except ValueError:
            raise ValueError("must be a comma list of ranges like 198.18.0.0/15") from None

    @field_validator("media_allow_ranges")
    @classmethod
    def _not_private(cls, value: tuple[IPv4Network | IPv6Network, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
        if not all(map(may_be_allowed, value)):
            raise ValueError("must not hold private networks or the addresses of metadata services")
        return value

    @field_validator("tokenlab_version")
    @classmethod
    def _a_version(cls, value: str) -> str:
        if not is_version(value):
            raise ValueError(f"must be a word like chirp-v5 of at most {VERSION_MAX_CHARS} characters")
        return value

    @field_validator("tokenlab_versions")
    @classmethod
    def _each_a_version(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        twice = any(same(one, other) for place, one in enumerate(value) for other in value[:place])
        if not value or twice or not all(map(is_version, value)):
            raise ValueError("must be a comma list of words like chirp-v5, newest first, each once")
        return value

    @field_validator("tokenlab_sings_prompt", mode="before")
    @classmethod
    def _lower(cls, value: object) -> str:
        return str(value).strip().lower()

    @model_validator(mode="after")
    def _shards_belong_together(self) -> "Settings":
        if self.shard_ids and (self.shard_count is None or max(self.shard_ids) >= self.shard_count):
            raise ValueError("SHARD_IDS: needs SHARD_COUNT, greater than each id")
        return self

    @property
    def sings_prompt(self) -> bool | None:
        """What the operator says of `TOKENLAB_SINGS_PROMPT`; None leaves it to results."""
        return None if self.tokenlab_sings_prompt == "auto" else self.tokenlab_sings_prompt == "true"


def load_settings() -> Settings:
    """Read all settings from the environment and `.env`.

    Raises:
        SettingsError: variables are missing or wrong.
    """
    return read_settings(Settings)


def read_settings(kind: type[R]) -> R:
    """Read the settings of one kind.

    Raises:
        SettingsError: variables are missing or wrong.
    """
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError(_lines(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{ENV_FILE}: can't be read ({type(error).__name__})"]) from None


def _lines(error: ValidationError) -> list[str]:
    """One line for each variable."""
    found: dict[str, str] = {}
    for one in error.errors(include_input=False, include_url=False):
        message = NOT_SET if one["type"] == "missing" else str(one["msg"]).removeprefix("Value error, ")
        name, told = (str(one["loc"][0]).upper(), message) if one["loc"] else message.split(": ", 1)
        found.setdefault(name, f"{told}; {WHERE_FROM[name]}" if told == NOT_SET and name in WHERE_FROM else told)
    return [f"{name}: {told}" for name, told in found.items()]


def likely_typos(names: Iterable[str] | None = None) -> list[str]:
    """Names that begin like ours and mean nothing to us.

    From `.env`, which is ours alone, and from the environment, unless given; there other programs have theirs, such as
    HTTP_PROXY: only what is spelt almost like one of ours counts.
    """
    if names is not None:
        return sorted(filter(_is_strange, names))
    near = {name for name in os.environ if _is_strange(name) and nearest(name)}
    return sorted({*filter(_is_strange, _names_in_file()), *near})


def told_typos() -> list[str]:
    """A line for each likely typo."""
    guesses = {name: nearest(name) for name in likely_typos()}
    return [
        f"{name}: not a setting of Encore; a typo{f' of {guess}' if guess else ''}?" for name, guess in guesses.items()
    ]


def nearest(name: str) -> str | None:
    """The setting that is spelt almost like that."""
    return next(iter(get_close_matches(name.upper(), _KNOWN, n=1, cutoff=0.8)), None)


def _is_strange(name: str) -> bool:
    return name.upper().startswith(OUR_PREFIXES) and name.upper() not in _KNOWN


def _names_in_file() -> Iterable[str]:
    try:
        return dotenv_values(ENV_FILE)
    except (OSError, UnicodeDecodeError):  # told as such when the settings are read
        return ()


_KNOWN = frozenset(field.upper() for field in Settings.model_fields)
