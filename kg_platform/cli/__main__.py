"""`python -m kg_platform.cli` is `kg`."""

from kg_platform.cli.main import main

main()
