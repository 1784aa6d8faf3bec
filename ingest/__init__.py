"""What arrives: records are read, judged and written into the graph.

Begin at loading/load.py.
"""
