"""Metadata: what people declare of datasets, who produces them, and what is described for readers.

Phase: penyebarluasan (describe). May import ``model``, ``settings``, ``language`` and ``errors`` only. Start with
``declaration``.
"""
