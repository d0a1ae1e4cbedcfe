"""What is wrong with a task, in one line."""

from runwright.models.tasks import Diagnosis


def told(diagnosis: Diagnosis) -> str:
    """Return a diagnosis as one line: what is wrong, what was said of it, what would mend it."""
    wrong = ": ".join(filter(None, (diagnosis.summary, diagnosis.detail)))
    return "; ".join(filter(None, (wrong, diagnosis.resolution)))
