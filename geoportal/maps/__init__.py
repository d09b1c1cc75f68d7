"""Maps of a layer: the interactive preview (folium) and the still pictures (SVG), both built when a version is
published.

Phase: penyebarluasan, the look of it. May import model, settings, language and errors; never a sibling, never the web.
Build-side only: geopandas, folium and shapely are imported at module level here, so nothing that must start light
imports this package. Start reading at ``pages.write_previews`` (what publishing calls), then ``drawing`` (what of a
layer is drawn) and ``style`` (how).
"""
