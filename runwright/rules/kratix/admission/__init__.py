"""What Kratix's webhook refuses, and what it only warns about.

The API server applies some of it by itself, as far as CEL can say it; here is all of it, so that
every problem of a Promise is reported at once and with its path, also of one that was there before
the rules were.
"""

from runwright.rules.kratix.admission.promise import promise_problems, promise_warnings

__all__ = ["promise_problems", "promise_warnings"]
