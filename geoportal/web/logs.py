"""The log: one event one line of JSON on standard error, control characters escaped, tokens masked."""

from __future__ import annotations

import json
import logging
import re
import sys
import time

SECRET = re.compile(r"(?i)(gp_[a-z0-9]+_)[A-Za-z0-9_-]{8,}|(bearer\s+)\S+|((?:token|password|secret)=)[^&\s\"']+")


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, message, and the traceback where there is one."""
        event = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if record.exc_info:
            event["traceback"] = masked(self.formatException(record.exc_info))
        return json.dumps(event)


def masked(message: str) -> str:
    """The message without tokens and passwords."""
    return SECRET.sub(lambda found: f"{found[1] or found[2] or found[3]}***", message)


def configure() -> None:
    """Send warnings and worse to standard error; done first, because pygeoapi configures what nobody else did."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
