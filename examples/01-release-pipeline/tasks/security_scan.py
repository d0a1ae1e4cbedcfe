"""Scan an image; the first try finds the database of vulnerabilities away."""

import os
import sys
import time

import contract

_WORTH_ANOTHER_TRY = 175
"""Any exit code from 128 to 255 is retried; those from 1 to 127 are failures for good."""

given = contract.begin()
contract.say(f"scanning {given['image']}")
time.sleep(0.6)
if os.environ["RUNWRIGHT_TRY"] == "1":
    contract.say("vulnerability database: 503 Service Unavailable")
    sys.exit(_WORTH_ANOTHER_TRY)
contract.put_out(critical=0, high=0, medium=3)
