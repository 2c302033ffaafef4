"""Which models a wish may name, and what the operator set for wishes that name none."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.refusals import Reason, Refused
from bot.domain.versions import among, is_version, same
from bot.tokenlab.catalogue import Catalogue
from bot.tokenlab.model_info import ModelInfo
from bot.tokenlab.models import VERSIONS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the operator set for wishes that leave it open."""

    model: str
    version: str
    """A first guess, for songs of which nobody says it."""
    versions: tuple[str, ...] = VERSIONS
    """Newest first."""
    clip_id_order: tuple[str, ...]
    upload_extend: bool
    media_keep_days: float
    """How long audio files are kept at most."""


def music_model(catalogue: Catalogue, name: str) -> ModelInfo:
    """The model of that name, if it makes music.

    Raises:
        Refused: none is known by that name, or it does not.
    """
    found = catalogue.find(name)
    if found is None or not found.makes_music:
        raise Refused(Reason.UNKNOWN_MODEL)
    return found


def versions_of(catalogue: Catalogue, defaults: Defaults) -> list[str]:
    """The versions that are known: the operator's, newest first, and those that the catalogue names beside them."""
    found = list(defaults.versions)
    for version in (one for model in catalogue.music_models() for one in model.versions):
        if not among(version, found):
            found.append(version)
    return found


def music_version(typed: str, known: Sequence[str]) -> str:
    """The version that was typed, one that is known in the spelling that is known of it; any may exist.

    Raises:
        Refused: no version is called that.
    """
    wanted = typed.strip()
    spelt = next((one for one in known if same(one, wanted.casefold())), wanted)
    if not is_version(spelt):
        raise Refused(Reason.NOT_A_VERSION)
    if spelt not in known:
        log.warning("a version was asked for that is not known", extra={"version": spelt})
    return spelt


def usable_model(catalogue: Catalogue, chosen: str | None) -> str | None:
    """The model that was chosen for good; None if none was, or if it is known to make no music any more."""
    if chosen is None or not catalogue.is_loaded:
        return chosen  # nothing is known, so nothing is known against it
    found = catalogue.find(chosen)
    return found.id if found is not None and found.makes_music else None
