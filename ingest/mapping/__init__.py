"""Tables and documents as entities and relations: a `mapping.yaml` that a person can write.

Begin at model.py.
"""
