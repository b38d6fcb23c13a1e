"""The limits of the server: each bound and its default."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from ..errors import ArgumentError
from ..images.photo_file import MAX_PIXELS

LARGEST = {int: 1 << 40, float: 1e6}  # bytes or numbers; s, eleven days: timers take no more on every system
MOST_WAITING = 1024  # connections that the system keeps until they are taken; more than it does by default


@dataclass(frozen=True)
class Limits:
    """The bounds of one server; docs/serving.md lists the response beyond each."""

    body_bytes: int = 32 << 20  # of one request's body
    memory_bytes: int = 256 << 20  # of all bodies held at once
    images: int = 32  # of one request: parts of a multipart body, elements of a batch
    pixels: int = MAX_PIXELS  # of one photo
    json_bytes: int = 16 << 20  # of one request's JSON, binary tensors not counted
    json_values: int = 1_000_000  # numbers, lists and the like in it
    json_depth: int = 16  # levels; a batch of images is 4 lists deep, within 4 objects at most
    queue: int = 64  # photos accepted and not yet answered
    deadline: float = 10.0  # s from a request's last byte to its response
    head_seconds: float = 10.0  # for a request's head to arrive, or what is left of a refused one
    body_seconds: float = 30.0  # for its body to arrive
    write_seconds: float = 30.0  # for a client to take more of a response
    idle_seconds: float = 30.0  # between two requests of a connection
    connections: int = 256
    drain_seconds: float = 30.0  # for what is under way when the server is told to end

    @property
    def waiting(self) -> int:
        """How many connections may wait to be taken, and how many are taken at once."""
        return min(self.connections, MOST_WAITING)

    def changed(self, settings: Iterable[str]) -> "Limits":
        """A copy with each of `settings`, `NAME=VALUE`, applied.

        Raises `ArgumentError` for an unknown name, a value that is no number above zero or beyond `LARGEST`.
        """
        kinds: dict[str, type[int] | type[float]] = {
            field.name: type(getattr(self, field.name)) for field in fields(self)
        }
        values: dict[str, float] = {}
        for setting in settings:
            name, _, text = setting.partition("=")
            if name not in kinds:
                raise ArgumentError(f"The limit {name!r} does not exist; there are {', '.join(kinds)}.")
            try:
                value = kinds[name](text)
            except ValueError:
                value = 0
            most = LARGEST[kinds[name]]
            if not 0 < value <= most:
                wanted = "a whole number" if kinds[name] is int else "a number"
                raise ArgumentError(
                    f"The limit {name} is {text[:40]!r}; give {wanted} above zero, at most {most:,.0f}."
                )
            values[name] = value
        return replace(self, **values)
