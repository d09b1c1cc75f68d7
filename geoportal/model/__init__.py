"""The vocabulary of the node: datasets, versions, layers, rules, reports, records, people and what they may do.

Phase: all of them. Frozen facts without I/O; may hold a GeoDataFrame, never opens a file. Imports nothing of the
project but ``errors``. Start with ``dataset`` (what lasts), ``report`` (what a check says) and ``access`` (who may
see and do what).
"""
