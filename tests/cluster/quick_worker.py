"""A worker like any other, that learns sooner of the death of one before it.

How soon is the workflow's to say, and a test cannot wait for it. Nor may it be too soon: whoever
takes over beside other tests comes to beat once in a few seconds.
"""

from datetime import timedelta
from typing import Final

from workflows import policies

START_WINDOW: Final = timedelta(seconds=1)

if __name__ == "__main__":
    policies.START_WINDOW = START_WINDOW  # type: ignore[misc]  # not an operator's to set
    policies.CALL_HEARTBEAT = timedelta(seconds=4)  # type: ignore[misc]
    from runwright.cli import main  # after that: what it imports takes these values along

    main()
