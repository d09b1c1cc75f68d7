"""Whether a folder of serving files is of this format and whole, told without loading anything that reads them."""

from __future__ import annotations

import json
from pathlib import Path

FORMAT = 3
SUMMARY = "summary.json"


def whole(folder: Path) -> bool:
    """Whether this program can serve the folder: its format, and all files there in the lengths they were written."""
    try:
        summary = json.loads((folder / SUMMARY).read_bytes())
        return summary["format"] == FORMAT and all(
            (folder / name).stat().st_size == size for name, size in summary["files"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
