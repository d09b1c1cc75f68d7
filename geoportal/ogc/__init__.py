"""The OGC APIs of the node, answered by pygeoapi inside our own routes (penyebarluasan).

Every document of Features is produced by a function of ``pygeoapi.api`` on an immutable snapshot of what one audience
may see. May import ``node`` and everything below it, never ``web`` or ``actions``. Start with ``app`` (the routes),
then ``engine`` (snapshots), ``config`` (publications -> pygeoapi configuration), ``features`` (the provider) and
``seams`` (the few symbols of pygeoapi that we replace).
"""
