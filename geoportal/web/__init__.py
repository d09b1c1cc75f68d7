"""The portal: what people see of the node in a browser, in both languages, without JavaScript.

Phase: penyebarluasan. Each page is a frozen dataclass in ``pages`` and a template of the same name; all of them are
made for the audience of the request, so that what it may not see does not exist. May import ``ogc``, ``node`` and
everything below. Start with ``app`` (all routes in one table), then ``pages``.
"""
