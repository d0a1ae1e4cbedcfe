"""`python -m runwright`: the command line."""

import sys

try:
    from runwright.cli import main
except KeyboardInterrupt:  # before `main` is there to see it
    sys.exit(130)

main()
