"""Pengumpulan: a foreign file becomes a Layer, in a child process that may do nothing else.

Phase: collection (Perpres 39/2019). Imports model, errors, settings; ``sandbox`` alone may import checks. Start with
``sandbox`` (what the rest of the node calls), then ``formats`` (which layers are in a file; one module a format) and
``reader`` (one layer, nothing repaired). The walls are in ``lockdown`` and ``gate``; ``forkserver`` keeps the
processes.
"""
