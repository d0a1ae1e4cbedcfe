"""How long the texts of a condition may be.

The models say nothing of it, for they read conditions from everybody, whatever their length.

Source: Kubernetes, `metav1.Condition`.
"""

from typing import Final

from runwright.rules.crds.kinds import Limits

ANY_CONDITION: Final[Limits] = {
    "status.conditions": {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
    },
    "status.conditions[].type": {"maxLength": 316},
}
CONDITION: Final[Limits] = {
    **ANY_CONDITION,
    "status.conditions[].reason": {"maxLength": 1024},
    "status.conditions[].message": {"maxLength": 32768},
}
