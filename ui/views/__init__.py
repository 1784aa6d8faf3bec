"""The explorer's pages, one a file; `ui/app.py` lists them.

Begin at overview.py.
"""
