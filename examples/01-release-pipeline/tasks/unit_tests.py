"""Run the tests; here, count to 214."""

import time

import contract

contract.begin()
for passed in (58, 131, 214):
    time.sleep(0.5)
    contract.say(f"{passed} of 214 passed")
contract.put_out(passed=214, failed=0)
