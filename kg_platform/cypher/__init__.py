"""Every Cypher statement of the platform, one module a part of the job; nothing here does I/O.

Constants and small pure builders. Names that come from data go through `names.quote`; values are
always parameters.

Begin at names.py.
"""
