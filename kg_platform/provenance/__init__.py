"""What each source says of an entity, and what the entity shows of it.

Begin at images.py.
"""
