"""Every verb of the node, one function per thing an actor may do: authorise, work, record an event.

Phase: all. May import ``ogc`` (to probe what it is about to publish), ``node`` and everything below; called by
``cli`` and ``web``. Start with ``submit`` and ``publish``.
"""
