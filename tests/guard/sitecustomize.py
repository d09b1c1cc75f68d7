"""No test and no process that a test starts may speak to another machine.

The test session loads this file itself; Python children find it by PYTHONPATH and run it before anything else. An
attempt is refused, and written to the file named by GUARD_LOG, so that a caller that swallows the refusal is found out.
"""

import ipaddress
import os
import socket


class ForeignConnection(AssertionError):
    """Something tried to reach another machine."""


def _is_loopback(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _refuse(host: object) -> None:
    if log := os.environ.get("GUARD_LOG"):
        with open(log, "a", encoding="utf-8") as stream:  # noqa: PTH123  (runs at the start of every Python: stay light)
            stream.write(f"{os.getpid()} {host}\n")
    raise ForeignConnection(f"a test may not reach {host!r}: only this machine")


def guard() -> None:
    """Let sockets reach this machine alone, and names be looked up for this machine alone."""
    plain_getaddrinfo = socket.getaddrinfo

    def allowed(family: int, address: object) -> None:
        if family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple) and not _is_loopback(address[0]):
            _refuse(address[0])

    def connect(self, address):
        allowed(self.family, address)
        return plain_connect(self, address)

    def connect_ex(self, address):
        allowed(self.family, address)
        return plain_connect_ex(self, address)

    def sendto(self, data, *rest):
        allowed(self.family, rest[-1])
        return plain_sendto(self, data, *rest)

    def getaddrinfo(host, *rest, **named):
        if not _is_loopback(host):
            _refuse(host)
        return plain_getaddrinfo(host, *rest, **named)

    plain_connect, plain_connect_ex, plain_sendto = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.socket.sendto,
    )
    socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto = connect, connect_ex, sendto
    socket.getaddrinfo = getaddrinfo


if __name__ == "sitecustomize":
    guard()
