"""Media that records name by web address: fetched from public places alone, and each once.

Begin at fetched.py.
"""
