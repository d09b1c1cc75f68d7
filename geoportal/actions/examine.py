"""Examine the node (doctor): what it needs from the machine, and whether register and folders agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from geoportal.node import Node


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its name, whether it is well, and the facts for the sentence."""

    check: str
    ok: bool
    facts: dict[str, Any] = field(default_factory=dict)


def examine(node: Node) -> list[Check]:
    """Look at sandbox, register, versions, orphans, builds and space; nothing is changed."""
    from geoportal.ingest.doctor import cuts
    from geoportal.serving.wholeness import whole
    from geoportal.store import datasets

    held = cuts()
    found = [
        Check("sandbox", any(held.values()), {"held": ", ".join(name for name, yes in held.items() if yes) or "-"})
    ]
    with node.register.read() as conn:
        integrity = str(conn.exec_driver_sql("PRAGMA quick_check").scalar())
        known = datasets.sealed(conn)
        current = datasets.publications(conn)
    found.append(Check("register", integrity == "ok", {"answer": integrity}))
    missing = sorted(f"{name}/{digest[:12]}" for name, digest in known if not node.files.is_sealed(name, digest))
    found.append(Check("versions", not missing, {"count": len(known), "missing": ", ".join(missing)}))
    orphans = node.files.orphans()
    found.append(Check("orphans", not orphans, {"count": len(orphans), "names": ", ".join(map(str, orphans))}))
    unbuilt = [p.dataset_id for p in current if not whole(node.derived(p))]
    found.append(Check("builds", not unbuilt, {"count": len(current), "missing": ", ".join(unbuilt)}))
    free, reserve = round(node.files.free_mb()), node.settings.storage.reserve_mb
    found.append(Check("space", free > reserve, {"free": free, "reserve": reserve}))
    return found
