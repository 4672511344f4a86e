"""Tell systemd that a service is ready or ends; nothing where systemd did not start it.

Source: sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names. This module refuses to
fail: who does not listen misses a word, no more.
"""

from __future__ import annotations

import contextlib
import os
import socket

__all__ = ["tell_systemd"]


def tell_systemd(state: str) -> None:
    """Send a state, such as `READY=1`."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    place = f"\0{address[1:]}" if address.startswith("@") else address
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to,
    ):
        to.sendto(state.encode(), place)
