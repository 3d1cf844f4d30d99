"""`python -m chopmark` is the command `chopmark`."""

from ._cli import main

main()
