"""RDF in its six notations into records, without a mapping.

Begin at described.py.
"""
