"""Laporan pemeriksaan: one Report, four uses; nothing is judged here, only told.

``checks.texts.report_json`` is the first use; ``page`` the sheet to print, ``map`` the fault map, ``faults`` the fault
GeoPackage with its style for QGIS, ``quality`` the elements of ISO 19157 for a record. ``summary`` says what a head of
office wants to know: a score, and what to do first. Imports ``maps`` and the words of ``checks``, and no geopandas
before a map or a file is asked for. Start with ``summary``, then ``faults``.
"""
