"""What a codec gives: the readings of one moment; and what it says of a payload that is not the model's."""

from collections.abc import Callable
from typing import NamedTuple

APPLICATION_PORTS = range(1, 224)


class Frame(NamedTuple):
    """Readings of one moment, under the keys that the vendor's own decoder gives them."""

    values: dict[str, float | None]
    """By key (dots lead into nested objects); None where the model says that it has no reading."""
    epoch_s: int | None = None
    """When it was measured, in seconds since 1970 by the device's clock; None means: when the uplink was sent."""


class CodecError(ValueError):
    """A payload is not what the model sends."""

    def __init__(self, what: str, *, at: int, expected: str, got: str) -> None:
        """Keep the parts, and write the sentence; `at` is the first byte that is wrong, counted from 0."""
        self.what, self.at, self.expected, self.got = what, at, expected, got
        super().__init__(f"{what} (byte {at}): expected {expected}, got {got}")


Codec = Callable[[bytes, int], list[Frame]]
"""A payload and its port in; its frames out, none where the uplink carries no measurement. Raises only CodecError."""


def check_application_port(f_port: int) -> None:
    """See that the port is one that applications use, for models whose port the user sets.

    Raises:
        CodecError: It is not.
    """
    if f_port not in APPLICATION_PORTS:
        raise wrong_port(f_port, "1 to 223")


def wrong_port(f_port: int, expected: str) -> CodecError:
    """Say that the model does not send on this port."""
    return CodecError("The port is not the model's", at=0, expected=f"port {expected}", got=f"port {f_port}")


def check_length(payload: bytes, expected: int) -> None:
    """See that a payload of fixed layout is whole.

    Raises:
        CodecError: It is shorter or longer.
    """
    if len(payload) != expected:
        at = min(len(payload), expected)
        raise CodecError("The length is not the model's", at=at, expected=f"{expected} bytes", got=f"{len(payload)}")


def cut_off(at: int, size: int, payload: bytes) -> CodecError:
    """Say that a block of `size` bytes which starts at `at` ends too early."""
    return CodecError("A block is cut off", at=at, expected=f"{size} bytes", got=f"{len(payload) - at}")
