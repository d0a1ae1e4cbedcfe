"""What is made of an API server's answers."""

import json

import pytest

from adapters.kubernetes.answers import Answer, is_of_object
from runwright.errors import ClusterUnavailableError, RefusedError

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


@pytest.mark.parametrize("kind", ["jobs", "namespaces"])
def test_an_object_that_is_not_there_is_an_absence(kind: str) -> None:
    """A namespace, too: whether it is gone is what its runs have to know."""
    answer = Answer("get", 404, json.dumps({"details": {"name": "shop", "kind": kind}}).encode())

    assert answer.is_absence


def test_a_kind_that_is_not_there_is_none() -> None:
    answer = Answer("get", 404, b"404 page not found\n")

    assert not answer.is_absence


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (413, "Request entity too large: limit is 3145728"),
        (500, "etcdserver: request is too large"),
        (500, "rpc error: code = ResourceExhausted desc = trying to send message larger than max"),
    ],
)
def test_an_object_that_is_too_large_stays_so(status: int, message: str) -> None:
    """The same request would be refused for ever, and whoever waits for it never end."""
    error = Answer("patch status", status, json.dumps({"message": message}).encode()).error()

    assert isinstance(error, RefusedError)


@pytest.mark.parametrize(
    ("status", "message"), [(500, "etcdserver: leader changed"), (429, "too many requests")]
)
def test_a_server_in_trouble_may_be_asked_again(status: int, message: str) -> None:
    error = Answer("patch status", status, json.dumps({"message": message}).encode()).error()

    assert isinstance(error, ClusterUnavailableError)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("exceeded quota: few, requested: pods=1, used: pods=1", ClusterUnavailableError),
        ("status unknown for quota: few, resources: pods", ClusterUnavailableError),
        ("failed quota: few: must specify limits.memory", RefusedError),
    ],
)
def test_a_quota_that_may_have_room_later_is_waited_for(said: str, error: type[Exception]) -> None:
    """A new one is not counted yet; one that wants other resources will never let it through."""
    body = json.dumps({"message": f'jobs.batch "x" is forbidden: {said}'}).encode()

    assert type(Answer("create job", 403, body).error()) is error


_FORBIDS = 'jobs.batch "build" is forbidden: User "runwright" cannot get resource "jobs"'
_TERMINATES = "unable to create new content in namespace shop because it is being terminated"


@pytest.mark.parametrize(
    ("message", "was_away", "error"),
    [
        pytest.param(_FORBIDS, True, ClusterUnavailableError, id="it has just come up"),
        pytest.param(_FORBIDS, False, RefusedError, id="it has been there all the time"),
        pytest.param(_TERMINATES, True, RefusedError, id="the namespace goes"),
    ],
)
def test_what_an_api_server_forbids_that_was_away_is_not_its_last_word(
    message: str, *, was_away: bool, error: type[Exception]
) -> None:
    """It answers before it has read who may do what: steps would fail of that, and leaders end."""
    body = json.dumps({"message": message}).encode()

    assert type(Answer("get", 403, body, was_away=was_away).error()) is error


@pytest.mark.parametrize(
    ("status", "message", "is_judged"),
    [
        (403, 'jobs.batch "x" is forbidden: exceeded quota: few, requested: count=1', True),
        (403, 'jobs.batch "x" is forbidden: status unknown for quota: few, resources: pods', True),
        (403, 'admission webhook "images.example.org" denied the request: not from here', True),
        (403, "jobs.batch is forbidden: ValidatingAdmissionPolicy 'p' denied request: no", True),
        (500, 'Internal error occurred: failed calling webhook "x": connection refused', True),
        (403, 'jobs.batch is forbidden: User "w" cannot create resource "jobs"', False),
        (500, "etcdserver: request timed out", False),
        (404, 'namespaces "shop" not found', False),
    ],
)
def test_what_is_said_of_one_object_is_told_from_what_is_said_of_all(
    status: int, message: str, *, is_judged: bool
) -> None:
    """Where the one is refused, the API server was asked and no other one will be taken either."""
    error = Answer("create job", status, json.dumps({"message": message}).encode()).error()

    assert is_of_object(error) is is_judged
