"""One small JSON request to a Unix datagram socket, sent without waiting."""

import json
import socket
from pathlib import Path

MAX_BYTES = 4096
"""What either side of a socket of ours takes."""


def send(path: Path, command: str, **more: object) -> bool:
    """Send `{"command": command, **more}`; False if nobody listens there, or cannot keep up."""
    data = json.dumps({"command": command, **more}).encode()
    if len(data) > MAX_BYTES:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        try:
            sender.sendto(data, str(path))
        except OSError:
            return False
    return True
