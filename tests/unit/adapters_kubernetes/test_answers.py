"""What is made of an API server's answers."""

import json

from adapters.kubernetes.answers import Answer
from runwright.errors import RefusedError

_ATTEMPT = "create role shop/web-1-engram-runner"


def test_a_message_on_rights_names_the_one_that_is_lacking() -> None:
    """Messages are cut, and the groups of who asked would leave no room for what matters."""
    groups = ["system:serviceaccounts", "system:serviceaccounts:runwright-system"]
    lacking = '{APIGroups:[""], Resources:["configmaps"], Verbs:["get"]}'
    message = (
        'roles.rbac.authorization.k8s.io "web-1-engram-runner" is forbidden: '
        'user "system:serviceaccount:runwright-system:runwright" '
        f"(groups={json.dumps(groups).replace(', ', ' ')}) "
        f"is attempting to grant RBAC permissions not currently held:\n{lacking}"
    )

    error = Answer(_ATTEMPT, 403, json.dumps({"message": message}).encode()).error()

    assert isinstance(error, RefusedError)
    assert str(error).startswith(f"{_ATTEMPT}: HTTP 403 roles.rbac.authorization.k8s.io")
    assert str(error).endswith(lacking)
