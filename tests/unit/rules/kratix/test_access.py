"""As whom the steps of a pipeline act, and what they may do."""

from typing import Any

import pytest
import yaml

from runwright.models.kratix import Parent, Pipeline, WorkflowAction
from runwright.rules.kratix.jobs import (
    access_of,
    may_update_account,
    obsolete_access,
    scheduling_config_map,
)
from tests.unit.rules.kratix.documents import pipeline
from tests.unit.rules.kratix.runs import APART, PROMISE, REQUEST, run_of

ID = "database-resource-configure-instance"
READING = ["get", "list"]
LEAVING = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create"]}


def permitted(*namespaces: str) -> Pipeline:
    """Return a pipeline whose steps may read Secrets in these namespaces."""
    rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
    permissions = [
        {**rule, **({"resourceNamespace": namespace} if namespace else {})}
        for namespace in namespaces
    ]
    return pipeline(rbac={"permissions": permissions})


def listed(parent: Parent = REQUEST, one: Pipeline | None = None) -> list[str]:
    """Return the objects of a pipeline as `Kind namespace/name`."""
    return [
        f"{found['kind']} {found['metadata'].get('namespace', '')}/{found['metadata']['name']}"
        for found in access_of(run_of(parent, one=one))
    ]


def rules(parent: Parent, kind: str) -> list[dict[str, Any]]:
    """Return the rules of the first role of a kind."""
    found = (one for one in access_of(run_of(parent)) if one["kind"] == kind)
    given: list[dict[str, Any]] = next(found)["rules"]
    return given


def test_a_request_is_read_in_its_namespace() -> None:
    """K2: and nothing of it is changed by a pod, nor any Work written."""
    assert listed() == [f"ServiceAccount shop/{ID}", f"Role shop/{ID}", f"RoleBinding shop/{ID}"]
    assert rules(REQUEST, "Role") == [
        {
            "apiGroups": ["example.org"],
            "resources": ["databases", "databases/status"],
            "verbs": READING,
        },
        LEAVING,
    ]


def test_a_promise_is_read_in_the_cluster() -> None:
    """And what its pipelines have to tell is left in one namespace alone."""
    own = "database-promise-configure-instance"

    assert listed(PROMISE) == [
        f"ServiceAccount kratix-platform-system/{own}",
        f"Role kratix-platform-system/{own}",
        f"RoleBinding kratix-platform-system/{own}",
        f"ClusterRole /{own}",
        f"ClusterRoleBinding /{own}",
    ]
    assert rules(PROMISE, "Role") == [LEAVING]
    assert rules(PROMISE, "ClusterRole") == [
        {
            "apiGroups": ["platform.kratix.io"],
            "resources": ["promises", "promises/status"],
            "verbs": READING,
        }
    ]


def test_a_request_elsewhere_is_read_in_its_own_namespace_only() -> None:
    """K40: by a role of the cluster that is bound there; upstream binds it everywhere."""
    assert listed(APART) == [
        f"ServiceAccount pipelines/{ID}",
        f"Role pipelines/{ID}",
        f"RoleBinding pipelines/{ID}",
        f"ClusterRole /{ID}-shop",
        f"RoleBinding shop/{ID}-shop",
    ]
    assert rules(APART, "Role") == [LEAVING]


def test_what_an_author_asks_for_is_granted_where_it_was_asked_for() -> None:
    """K43."""
    found = listed(one=permitted("", "", "vault", "*"))[3:]

    assert [one.rpartition("-")[0] for one in found] == [
        f"Role shop/{ID}",
        f"RoleBinding shop/{ID}",
        f"ClusterRole /{ID}-vault",
        f"RoleBinding vault/{ID}-shop",
        f"ClusterRole /{ID}-kratix-all-namespaces",
        f"ClusterRoleBinding /{ID}-shop",
    ]


def test_all_that_is_asked_for_in_a_namespace_is_one_role() -> None:
    role = access_of(run_of(one=permitted("", "")))[3]

    rule = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
    assert role["rules"] == [rule, rule]


def test_what_an_author_asked_for_is_labelled_so_that_it_can_be_taken_back() -> None:
    """K43."""
    roles = access_of(run_of(one=permitted("", "vault", "*")))[3::2]

    assert {one["metadata"]["labels"]["kratix.io/resource-namespace"] for one in roles} == {
        *("shop", "vault", "kratix_all_namespaces")
    }
    for one in roles:
        assert one["metadata"]["labels"]["kratix.io/pipeline-namespace"] == "shop"


def test_every_binding_is_for_the_account_and_refers_to_its_role() -> None:
    found = access_of(run_of(APART, one=permitted("", "vault", "*")))[1:]

    for role, binding in zip(found[::2], found[1::2], strict=True):
        assert binding["roleRef"] == {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": role["kind"],
            "name": role["metadata"]["name"],
        }
        assert binding["subjects"] == [
            {"kind": "ServiceAccount", "name": ID, "namespace": "pipelines"}
        ]


def test_an_account_of_the_authors_choice_gets_the_rights() -> None:
    """K42."""
    own = pipeline(rbac={"serviceAccount": "builder"})

    account, _, binding = access_of(run_of(one=own))

    assert account["metadata"]["name"] == "builder"
    assert binding["subjects"][0]["name"] == "builder"


@pytest.mark.parametrize(
    ("labels", "ours"),
    [({}, False), (None, False), ({"kratix.io/promise-name": "database"}, True)],
)
def test_an_account_that_is_somebody_elses_is_not_changed(
    labels: dict[str, str] | None, *, ours: bool
) -> None:
    """K42."""
    assert may_update_account({"metadata": {"name": "builder", "labels": labels}}) is ours


def test_what_is_no_longer_asked_for_is_taken_back() -> None:
    """K43: and what is asked for still stays as it is."""
    before = access_of(run_of(one=permitted("", "vault")))
    run = run_of(one=permitted("vault"))

    obsolete = obsolete_access(run, before, access_of(run))

    assert [one["kind"] for one in obsolete] == ["Role", "RoleBinding"]
    assert obsolete == list(before[3:5])


def test_what_another_workflow_asks_for_is_not_taken_back() -> None:
    """Of a pipeline of the same name: upstream takes it."""
    others = access_of(run_of(action=WorkflowAction.DELETE, one=permitted("")))

    assert obsolete_access(run_of(), others, access_of(run_of())) == []


def test_the_selectors_of_a_promise_are_handed_over_in_lower_case() -> None:
    found = scheduling_config_map("database", [{"environment": "dev"}], "shop")

    assert found["metadata"]["name"] == "destination-selectors-database"
    assert yaml.safe_load(found["data"]["destinationSelectors"]) == [
        {"matchlabels": {"environment": "dev"}, "source": "promise"}
    ]
