"""The serving files of a version: built once at publish, memory-mapped by all workers, immutable (penyebarluasan).

Read side (``fragments``, ``opened``, ``spatial``, ``attributes``, ``words``, ``connections``, ``ids``, ``blocks``,
``geojson``, ``crs``, ``summary``, ``mapping``, ``listing``, ``edition``): the standard library, numpy, shapely, pyproj
and orjson alone, for web workers import it. Build side (``build``, ``order``, ``writer``, ``columns``, ``table``,
``downloads``): may touch frames. Imports ``model`` and ``errors``. Start with ``summary`` (what lies in the folder),
then ``fragments.Serving``.
"""
