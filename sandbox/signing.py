"""Signs the addresses of files: they live for a while, and only in the very spelling in which they were given out."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256


@dataclass(slots=True, kw_only=True)
class Signer:
    """Signs and checks the paths of one media host; with `life_s` None it does neither. May be changed at any time."""

    life_s: float | None
    clock: Callable[[], float]

    def signed(self, path: str) -> str:
        """Return the path as it is given out now."""
        return path if self.life_s is None else _signed(path, int(self.clock() + self.life_s))

    def is_good(self, raw_path: str) -> bool:
        """Whether a path, as it was requested, is spelt as it was given out and has not expired."""
        if self.life_s is None:
            return True
        path, _, query = raw_path.partition("?")
        expires = query.partition("&")[0].removeprefix("Expires=")
        is_ours = expires.isascii() and expires.isdigit() and raw_path == _signed(path, int(expires))
        return is_ours and self.clock() < int(expires)


def _signed(path: str, expires_s: int) -> str:
    """Add a signature that a client may write otherwise, and must not: `%7E` is `~`, and `%2f` is `%2F`."""
    digest = base64.b64encode(sha256(f"{path} {expires_s}".encode()).digest()).decode()
    return f"{path}?Expires={expires_s}&Signature=%7E{digest.replace('/', '%2f').replace('=', '%3d')}"
