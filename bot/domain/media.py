"""What can go wrong with the audio of a finished song, told so that the engine can decide."""

from enum import StrEnum


class MediaProblem(StrEnum):
    """Why audio could not be fetched."""

    TOO_LARGE = "too_large"
    NOT_AUDIO = "not_audio"
    FORBIDDEN_ADDRESS = "forbidden_address"
    GONE = "gone"
    UNREACHABLE = "unreachable"


class MediaError(Exception):
    """Audio that could not be fetched; `is_temporary` says whether another try may help."""

    def __init__(self, reason: MediaProblem, *, is_temporary: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_temporary = is_temporary
