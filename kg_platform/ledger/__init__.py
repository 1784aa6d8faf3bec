"""What was done and decided, in SQL; the one importer of SQLAlchemy.

Begin at ledger.py.
"""
