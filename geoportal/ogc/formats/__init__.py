"""Features in more forms than JSON and pages: CSV, FlatGeobuf, GeoParquet, JSON-FG and GML, written as they are sent.

pygeoapi chooses the features exactly as for JSON: its function runs, the provider hands it the numbers of the rows
(``taken``), and what it says of them (links, counts, errors) is kept. The bodies are then written from the serving
files batch by batch (``chosen``), so that no answer is ever whole in memory. ``forms`` is the table of all of them.
"""
