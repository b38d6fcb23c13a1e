"""The addresses that the server listens on."""

import errno
import socket

from ..errors import OutputError

LACKING = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # as of a machine without IPv6


def listen(host: str, port: int, backlog: int) -> list[socket.socket]:
    """A socket for every address of `host`, such as localhost's two; `::` takes IPv4 as well.

    `port`: 0 is any free one, the same for all. Raises `OutputError` where none can be listened on.
    """
    listeners: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys((family, str(address[0])) for family, *_, address in found)
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
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise OutputError(
            f"{host} port {port} cannot be listened on ({error.strerror or error}); give another --host or "
            "--port."
        ) from error
    return listeners
