"""Compile locale/*/LC_MESSAGES/*.po, where the .mo is missing or older, so that pygeoapi's pages and ours find them."""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_messages(locale: Path) -> int:
    """Write the stale .mo files below ``locale`` and say how many they were."""
    written = 0
    for po in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as source:
            catalogue = read_po(source, locale=po.parts[-3], domain=po.stem, abort_invalid=True)
        fresh = mo.with_suffix(".mo.part")
        with fresh.open("wb") as target:
            write_mo(target, catalogue)
        fresh.replace(mo)
        written += 1
    return written


if __name__ == "__main__":
    print(f"{compile_messages(Path(sys.argv[1]))} message files compiled")
