"""The addresses that the server listens on."""

import errno
import socket

from ..errors import ArgumentError, OutputError
from ..system.file_limit import allow_open_files
from .limits import Limits

OTHER_FILES = 64  # that the process may have open beside its connections; at rest it has some ten
LACKING = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # as of a machine without IPv6


def listen(host: str, port: int, backlog: int) -> list[socket.socket]:
    """A socket for every address of `host`, such as localhost's two; `::` takes IPv4 as well.

    `port`: 0 is any free one, the same for all. Raises `OutputError` where none can be listened on.
    """
    listeners: list[socket.socket] = []
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys((family, str(address[0])) for family, *_, address in infos)
        for number, (family, address) in enumerate(addresses, 1):
            taken = listeners[0].getsockname()[1] if listeners else port
            both = address == "::" and socket.has_dualstack_ipv6()
            try:
                listener = socket.create_server(
                    (address, taken), family=family, backlog=backlog, dualstack_ipv6=both
                )
            except OSError as error:
                if error.errno not in LACKING or (number == len(addresses) and not listeners):
                    raise
            else:
                listeners.append(listener)
    except (OSError, UnicodeError) as error:  # the latter of names that can be none
        for listener in listeners:
            listener.close()
        said = getattr(error, "strerror", None) or str(error)
        reason, _, _ = said.partition(" (while ")  # as Python adds the address
        raise OutputError(
            f"{host} port {port} cannot be listened on ({reason}); give another --host or --port."
        ) from error
    return listeners


def check_files(limits: Limits, listeners: int) -> None:
    """Raises `ArgumentError` where the system lets the process open fewer files than it needs.

    Twice as many as `connections`, for those that are refused are held for a moment, and for each listener as
    many as are taken at once. Without, whoever connects fills the log with the system's error.
    """
    needed = 2 * limits.connections + listeners * limits.waiting + OTHER_FILES
    if (allowed := allow_open_files(needed)) < needed:
        fitting = (allowed - OTHER_FILES) // (2 + listeners)
        raise ArgumentError(
            f"The limit connections is {limits.connections}, for which {needed} files may be open, and the "
            f"system allows {allowed}; raise that (ulimit -n)"
            + (f", or give --limit connections={fitting}." if fitting > 0 else ".")
        )
