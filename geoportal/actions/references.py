"""What layers are compared with: the code lists of the configuration and the region layers of the node."""

from __future__ import annotations

from geoportal.catalogue.codes import read_code_lists
from geoportal.catalogue.kugi import read_kugi
from geoportal.model.references import References
from geoportal.settings import Settings


def references_of(settings: Settings) -> References:
    """Everything that a layer can be compared with on this node; empty lists where nothing is known."""
    return References(
        code_lists=read_code_lists(settings.config),
        kugi=read_kugi(settings.config).lists(),
    )
