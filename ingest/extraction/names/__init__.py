"""Names of the graph in sentences: who is called so, and who of them is meant.

Begin at name_index.py.
"""
