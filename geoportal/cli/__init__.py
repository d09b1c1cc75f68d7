"""The command line: parse, call one action, print. On the node's own machine it acts as ``local-admin``.

Phase: all. May import everything below; imports nothing heavy before a command needs it. Start with ``app`` (the
table of commands). Exit codes: 0 done, 1 the data did not pass, 2 usage, else that of the error's family
(``errors``).
"""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from geoportal.cli.app import run

    run()
