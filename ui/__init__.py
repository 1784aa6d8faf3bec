"""What people see: the explorer, a Streamlit application over a running platform.

Begin at app.py.
"""
