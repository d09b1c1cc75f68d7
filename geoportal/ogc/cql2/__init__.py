"""CQL2 (OGC 21-065r2): the filter language of the OGC APIs, as text or JSON, made into one tree and asked of a layer.

Phase: penyebarluasan. Start with ``tree`` (what a filter is, and what no filter may be), then ``words`` and ``text``
(the text form), ``compiler`` (tree -> SQL over rows.sqlite), ``times`` and ``shapes`` (temporal and spatial functions).
May import ``serving``, ``model`` and ``errors``; knows nothing of requests.
"""
