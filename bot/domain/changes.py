"""Changes of some fields among many: what is not named stays."""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Unset(Enum):
    """A field that is not changed, where None is a value like others."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


def named(changes: "DataclassInstance") -> Mapping[str, Any]:
    """What a value of changes names, by field: what may be handed to `dataclasses.replace`."""
    values = {one.name: getattr(changes, one.name) for one in fields(changes)}
    return {name: value for name, value in values.items() if value is not UNSET}
