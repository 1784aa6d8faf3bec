"""Tables of databases, read and never written. The importer of SQLAlchemy beside the ledger.

Begin at table.py.
"""
