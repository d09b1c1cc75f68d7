"""A planted suite: for each rule one file with that one defect, and clean twins that are as rich as can be.

``twins`` are clean, ``layers`` and ``files`` have one defect each; ``test_planted`` switches every rule off in turn and
sees that exactly its file is missed.
"""
