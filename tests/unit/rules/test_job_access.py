"""What the pods of a run may do."""

from typing import Any

import pytest

from runwright.models.story_run import NO_RESOURCE
from runwright.models.tasks import Diagnosis
from runwright.rules.bubustack.jobs import access_of, added_access, lacks_account
from runwright.rules.kubernetes.advice import of_event, of_refusal
from runwright.rules.kubernetes.diagnosis import said
from tests.unit.rules.stories import condition, engram
from tests.unit.rules.works import Fields, cluster_run, work

SECRETS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}


def rules(**fields: Any) -> list[Fields]:
    """Return the rules of the run's Role."""
    _, role, _ = access_of(cluster_run(**fields))
    found: list[Fields] = role["rules"]
    return found


def by_author(*rules: Fields) -> list[Fields]:
    """Return what a step adds by asking for these rules."""
    start = cluster_run(engram("build", execution={"rbac": {"rules": list(rules)}}))
    return [
        rule
        for rule in access_of(start)[1]["rules"]
        if rule not in access_of(cluster_run())[1]["rules"]
    ]


def by_template(*asked: Fields) -> list[Fields]:
    """Return what a template adds by asking for these rules."""
    found = rules(image={"execution": {"rbac": {"rules": list(asked)}}})
    return [rule for rule in found if rule not in rules()]


def test_a_run_has_an_account_a_role_and_what_binds_them() -> None:
    account, role, binding = access_of(cluster_run(namespace="team"))

    assert [one["kind"] for one in (account, role, binding)] == [
        "ServiceAccount",
        "Role",
        "RoleBinding",
    ]
    assert {one["metadata"]["name"] for one in (account, role, binding)} == {
        "release-1-engram-runner"
    }
    assert {one["metadata"]["namespace"] for one in (account, role, binding)} == {"team"}
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": "release-1-engram-runner",
    }
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "release-1-engram-runner", "namespace": "team"}
    ]


def test_they_go_with_their_run() -> None:
    for one in access_of(cluster_run()):
        assert one["metadata"]["ownerReferences"] == [
            {
                "apiVersion": "runs.bubustack.io/v1alpha1",
                "kind": "StoryRun",
                "name": "release-1",
                "uid": "7f3a",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
        assert one["metadata"]["labels"]["bubustack.io/storyrun"] == "release-1"


def test_nobody_owns_them_where_no_resource_stands_for_the_run() -> None:
    account, *_ = access_of(cluster_run(uid=NO_RESOURCE))

    assert account["metadata"]["ownerReferences"] == []


def test_a_run_without_pods_needs_no_rights() -> None:
    assert access_of(cluster_run(condition("check"))) == ()


def test_a_pod_may_report_on_the_step_runs_of_its_run_alone() -> None:
    """Upstream it may change those of any run in the namespace."""
    start = cluster_run(engram("b"), engram("a"), spec={"finally": [engram("tell")]})

    read, report, claims = access_of(start)[1]["rules"]

    names = ["release-1-a", "release-1-b", "release-1-tell"]
    assert (read["resources"], read["verbs"]) == (["stepruns"], ["get", "watch"])
    assert (report["resources"], report["verbs"]) == (["stepruns/status"], ["patch", "update"])
    assert (read["resourceNames"], report["resourceNames"]) == (names, names)
    assert (claims["resources"], claims["verbs"]) == (["effectclaims"], ["get", "create", "update"])
    assert "resourceNames" not in claims


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        pytest.param(SECRETS, [SECRETS], id="to get Secrets"),
        pytest.param(
            {"resources": ["configmaps"], "verbs": ["get"]},
            [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}],
            id="the core group need not be said",
        ),
        pytest.param(
            {**SECRETS, "resourceNames": ["mine"]},
            [{**SECRETS, "resourceNames": ["mine"]}],
            id="one Secret",
        ),
        pytest.param(
            {
                "apiGroups": [""],
                "resources": ["pods", "secrets"],
                "verbs": ["get", "list", "delete"],
            },
            [SECRETS],
            id="extra verbs and resources are taken away",
        ),
        pytest.param({**SECRETS, "verbs": ["*"]}, [], id="any verb"),
        pytest.param({**SECRETS, "resources": ["*"]}, [], id="any resource"),
        pytest.param({**SECRETS, "resources": ["secrets", "*/status"]}, [], id="any part"),
        pytest.param({**SECRETS, "apiGroups": ["*"]}, [], id="any group"),
        pytest.param({**SECRETS, "apiGroups": ["apps"]}, [], id="another group"),
        pytest.param({**SECRETS, "verbs": ["list"]}, [], id="another verb"),
        pytest.param({"nonResourceURLs": ["/metrics"], "verbs": ["get"]}, [], id="a path"),
    ],
)
def test_case_76_authors_of_stories_may_add_only_to_get_configmaps_and_secrets(
    asked: Fields, granted: list[Fields]
) -> None:
    assert by_author(asked) == granted


def test_case_76_authors_of_engrams_may_add_no_more_than_that() -> None:
    asked = [SECRETS, {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}]

    found = rules(worker={"overrides": {"rbac": {"rules": asked}}})

    assert [rule for rule in found if rule not in rules()] == [SECRETS]


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        pytest.param(
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]},
            [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]}],
            id="what it names",
        ),
        pytest.param(
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["bind"]},
            [],
            id="rights that beget rights",
        ),
        pytest.param({"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]}, [], id="any verb"),
        pytest.param({"apiGroups": [""], "resources": ["*"], "verbs": ["get"]}, [], id="anything"),
        pytest.param({"apiGroups": ["*"], "resources": ["pods"], "verbs": ["get"]}, [], id="group"),
        pytest.param({"nonResourceURLs": ["*"], "verbs": ["get"]}, [], id="any path"),
    ],
)
def test_case_76_a_template_gets_what_it_names_and_no_wildcard(
    asked: Fields, granted: list[Fields]
) -> None:
    assert by_template(asked) == granted


def test_a_rule_that_several_ask_for_is_there_once() -> None:
    steps = [engram(name, execution={"rbac": {"rules": [SECRETS]}}) for name in ("a", "b")]

    _, role, _ = access_of(cluster_run(*steps))

    assert role["rules"].count(SECRETS) == 1


def test_a_long_name_keeps_what_the_objects_are_for() -> None:
    account, *_ = access_of(cluster_run(name="r" * 200))

    assert len(account["metadata"]["name"]) == 63
    assert account["metadata"]["name"].endswith("-engram-runner")


def test_every_step_may_report_also_one_whose_engram_is_missing() -> None:
    """The Role is made once, at the start."""
    steps = (engram("a"), engram("b"))

    assert access_of(cluster_run(*steps, engrams=())) == access_of(cluster_run(*steps))


def test_what_came_later_is_granted_by_a_role_of_its_own() -> None:
    given = cluster_run(engrams=(), namespace="team")
    late = work(image={"execution": {"rbac": {"rules": [SECRETS]}}}, namespace="team")

    role, binding = added_access(given, late)

    assert role["rules"] == [SECRETS]
    assert role["metadata"] == binding["metadata"]
    assert role["metadata"]["name"] != access_of(given)[0]["metadata"]["name"]
    assert role["metadata"]["name"].endswith("-engram-runner")
    assert role["metadata"]["ownerReferences"] == access_of(given)[0]["metadata"]["ownerReferences"]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    assert binding["subjects"] == access_of(given)[2]["subjects"]


def test_rights_that_differ_are_granted_under_different_names() -> None:
    """What an earlier execution was granted is not what this one asks for."""
    given = cluster_run(engrams=())
    asked = [{**SECRETS, "resources": [kind]} for kind in ("secrets", "configmaps")]
    late = [work(image={"execution": {"rbac": {"rules": [rule]}}}) for rule in asked]

    names = {added_access(given, one)[0]["metadata"]["name"] for one in late}

    assert len(names) == 2


def test_nothing_is_added_that_the_run_has_or_nobody_asks_for() -> None:
    image = {"execution": {"rbac": {"rules": [SECRETS]}}}

    assert added_access(cluster_run(image=image), work(image=image)) == ()
    assert added_access(cluster_run(engrams=()), work()) == ()


def test_a_step_that_asks_for_more_than_others_of_its_engram_gets_it_later_too() -> None:
    """Not only templates ask: of the step's own words the Role of the start has none either."""
    given = cluster_run(engrams=())

    role, _ = added_access(given, work({"execution": {"rbac": {"rules": [SECRETS]}}}))

    assert role["rules"] == [SECRETS]


def refused(account: str) -> Diagnosis:
    """Return what is said of a Job whose pod may not be made without that account."""
    name = "x" * 63
    answer = (
        f'pods "{name}-" is forbidden: error looking up service account '
        f'{name}/{account}: serviceaccount "{account}" not found'
    )
    return said(of_refusal(answer), answer)


def without_token(account: str) -> Diagnosis:
    """Return what is said of a pod that was admitted, and has no token of that account."""
    answer = (
        'MountVolume.SetUp failed for volume "kube-api-access-x7k2p" : failed to fetch token: '
        f'serviceaccounts "{account}" not found'
    )
    found = of_event("FailedMount")
    assert found
    return said(found, answer)


def test_a_task_may_lack_the_runs_own_account() -> None:
    start = cluster_run()
    ours = refused(f"{start.name}-engram-runner")
    other = Diagnosis(category="quota", summary="no room", detail=ours.detail)

    assert lacks_account(start, ours)
    assert lacks_account(start, without_token(f"{start.name}-engram-runner"))
    others = (None, other, refused("deployer"), refused("runner"), without_token("deployer"))
    assert not any(lacks_account(start, one) for one in others)
