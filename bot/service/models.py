"""Which models a wish may name, and what the operator set for wishes that name none."""

from dataclasses import dataclass

from bot.domain.refusals import Reason, Refused
from bot.tokenlab.catalogue import Catalogue
from bot.tokenlab.models import ModelInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the operator set for wishes that leave it open."""

    model: str
    version: str
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


def usable_model(catalogue: Catalogue, chosen: str | None) -> str | None:
    """The model that was chosen for good; None if none was, or if it is known to make no music any more."""
    if chosen is None or not catalogue.is_loaded:
        return chosen  # nothing is known, so nothing is known against it
    found = catalogue.find(chosen)
    return found.id if found is not None and found.makes_music else None
