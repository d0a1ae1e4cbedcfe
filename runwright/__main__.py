"""`python -m runwright`: the command line."""

from runwright.cli import main

main()
