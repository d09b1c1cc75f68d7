"""What lasts, all of it under the data directory: the register, the sealed versions, the derived builds.

Phase: penyimpanan (storage), between pemeriksaan and penyebarluasan. May import ``model``, ``settings``, ``language``
and ``errors``; none of its siblings. Start with ``register`` (one SQLite file, the only commit point), then
``datasets`` (what is asked of it) and ``files`` (folders that appear whole or not at all). ``generation`` is how
every worker learns at once that something changed.
"""
