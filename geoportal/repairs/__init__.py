"""Perbaikan: a layer with findings goes in, a layer and a ledger of every change come out; every change can be undone.

Phase: pemeriksaan data (Perpres 39/2019). Mirrors ``checks``: a noun there is a noun here. Start with ``table`` (which
rule is mended by what), then ``mending`` (who tries, weighs and takes back), ``ledger`` and ``undo``.
"""

# These fill the table of repairs.
from geoportal.repairs import attributes, codes, coverage, geometry, reference, vertices
from geoportal.repairs.ledger import Kind, Ledger, Receipt, read_ledger
from geoportal.repairs.mending import Outcome, mend
from geoportal.repairs.table import REPAIRS, Choice, Question, Wishes
from geoportal.repairs.undo import undo

__all__ = [
    "REPAIRS",
    "Choice",
    "Kind",
    "Ledger",
    "Outcome",
    "Question",
    "Receipt",
    "Wishes",
    "attributes",
    "codes",
    "coverage",
    "geometry",
    "mend",
    "read_ledger",
    "reference",
    "undo",
    "vertices",
]
