"""What can go wrong with the audio of a finished song, told so that the engine can decide."""

from enum import StrEnum


class MediaProblem(StrEnum):
    """Why audio could not be fetched."""

    TOO_LARGE = "too_large"
    NOT_AUDIO = "not_audio"
    FORBIDDEN_ADDRESS = "forbidden_address"
    REFUSED = "refused"
    """The host said no: what it says of a song that has just been made need not hold."""
    GONE = "gone"
    """The host said that it is gone for good (410)."""
    UNREACHABLE = "unreachable"


class MediaError(Exception):
    """Audio that could not be fetched; `is_temporary` says whether another try may help."""

    def __init__(self, reason: MediaProblem, *, is_temporary: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_temporary = is_temporary
