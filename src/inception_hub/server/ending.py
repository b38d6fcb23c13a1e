"""A uvicorn server that ends in time: signals are never lost, and no thread keeps the process."""

import os
import signal
import threading
from types import FrameType

import uvicorn

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class EndingServer(uvicorn.Server):
    """Ends the process within `drain_seconds` of the first signal, with status 0, whatever is under way.

    uvicorn itself waits for the application, and Python for threads: either may be held by a photo.
    """

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._last_resort: threading.Timer | None = None

    def heed_signals(self) -> None:
        """Heeds SIGTERM and SIGINT from now on: uvicorn does so only once it runs, and no longer after."""
        for number in SIGNALS:
            signal.signal(number, self.handle_exit)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stops accepting connections; uvicorn calls it at each signal, and once more at its end."""
        if self._last_resort is None:
            self._last_resort = threading.Timer(self._drain_seconds, os._exit, [0])
            self._last_resort.daemon = True
            self._last_resort.start()
        super().handle_exit(sig, frame)
