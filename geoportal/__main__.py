"""``python -m geoportal``: the command line."""

from geoportal.cli import main

main()
