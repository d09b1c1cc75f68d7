"""The short way: answers whose envelope pygeoapi has made before for this snapshot, spliced in front of all routing.

``gate`` is the ASGI callable, ``asking`` reads a request, ``envelope`` learns from a full answer and is filled,
``choice`` finds the rows. Whatever is unusual takes the long way (``ogc.edge``); both say the same, byte by byte.
"""
