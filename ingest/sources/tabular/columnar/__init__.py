"""Tables that are stored column by column with their types: Parquet, Arrow, Feather.

Begin at batches.py.
"""
