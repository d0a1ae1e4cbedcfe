"""The Job of a pipeline."""

from typing import Any

import pytest

from runwright.models.kratix import KratixConfig, Parent, Pipeline, Resumption, WorkflowAction
from runwright.rules.kratix.jobs import Platform, job_template, owners_of
from tests.unit.rules.kratix.documents import pipeline
from tests.unit.rules.kratix.runs import APART, PROMISE, REQUEST, run_of
from tests.unit.rules.kratix.states import HASH

PLATFORM = Platform("runwright/adapter:1")
DELETE = WorkflowAction.DELETE
STEP = {"name": "create", "image": "example.org/create:1"}


def pod(
    parent: Parent = REQUEST,
    action: WorkflowAction = WorkflowAction.CONFIGURE,
    one: Pipeline | None = None,
    platform: Platform = PLATFORM,
    **update: Any,
) -> dict[str, Any]:
    """Return the pod of a pipeline that is run."""
    template = job_template(run_of(parent, action, one, **update), platform)
    spec: dict[str, Any] = template.spec["template"]["spec"]
    return spec


def names(things: list[dict[str, Any]]) -> list[str]:
    """Return the names of containers, volumes or variables."""
    return [one["name"] for one in things]


def variables(container: dict[str, Any]) -> dict[str, str]:
    """Return the variables of a container that have a value."""
    return {one["name"]: one.get("value", "") for one in container["env"]}


def platform(**workflows: Any) -> Platform:
    """Return a platform whose configuration says something of workflows."""
    return Platform("adapter", config=KratixConfig.model_validate({"workflows": workflows}))


def test_a_configure_pod_reads_runs_the_steps_and_writes() -> None:
    """K39."""
    volume = {"name": "cache", "emptyDir": {}}

    found = pod(one=pipeline(volumes=[volume]))

    assert names(found["initContainers"]) == ["reader", "create", "work-writer"]
    assert names(found["containers"]) == ["status-writer"]
    assert names(found["volumes"]) == [
        "promise-scheduling",
        "shared-input",
        "shared-output",
        "shared-metadata",
        "cache",
    ]


def test_a_delete_pod_puts_nothing_out() -> None:
    """K39."""
    found = pod(action=DELETE)

    assert names(found["initContainers"]) == ["reader", "create"]
    assert "promise-scheduling" not in names(found["volumes"])


def test_steps_find_the_input_read_only_and_share_the_rest() -> None:
    mount = {"name": "cache", "mountPath": "/cache"}
    steps = [{**STEP, "volumeMounts": [mount]}]

    found = pod(one=pipeline(containers=steps))

    reader, step, writer = found["initContainers"]
    assert {one["mountPath"]: one.get("readOnly", False) for one in step["volumeMounts"]} == {
        "/kratix/input": True,
        "/kratix/output": False,
        "/kratix/metadata": False,
        "/cache": False,
    }
    assert [one["mountPath"] for one in reader["volumeMounts"]] == [
        "/kratix/input",
        "/kratix/output",
    ]
    assert [one["mountPath"] for one in writer["volumeMounts"]] == [
        "/work-creator-files/input",
        "/work-creator-files/metadata",
        "/work-creator-files/kratix-system",
    ]


def test_a_step_is_told_what_it_is_run_for() -> None:
    """K39: in eleven variables."""
    step = pod()["initContainers"][1]

    assert variables(step) == {
        "KRATIX_WORKFLOW_ACTION": "configure",
        "KRATIX_WORKFLOW_TYPE": "resource",
        "KRATIX_PROMISE_NAME": "database",
        "KRATIX_PIPELINE_NAME": "instance",
        "KRATIX_OBJECT_KIND": "Database",
        "KRATIX_OBJECT_GROUP": "example.org",
        "KRATIX_OBJECT_VERSION": "v1",
        "KRATIX_OBJECT_NAME": "orders",
        "KRATIX_OBJECT_NAMESPACE": "shop",
        "KRATIX_CRD_PLURAL": "databases",
        "KRATIX_CLUSTER_SCOPED": "false",
    }


def test_a_step_is_told_that_somebody_had_it_go_on_and_who() -> None:
    """A step that suspends its pipeline until then must not do so again; ours need not know."""
    template = job_template(run_of(resumption=Resumption(by=("ada", "$bob"))), Platform("adapter"))
    reader, step, *_ = template.spec["template"]["spec"]["initContainers"]

    told = {key: value for key, value in variables(step).items() if key not in variables(reader)}

    assert told == {"RUNWRIGHT_RESUMED": "true", "RUNWRIGHT_APPROVED_BY": "ada,$$bob"}


def test_a_step_of_a_promise_is_told_that_it_is_cluster_scoped() -> None:
    found = variables(pod(PROMISE)["initContainers"][0])

    assert found["KRATIX_CRD_PLURAL"] == "promises"
    assert found["KRATIX_CLUSTER_SCOPED"] == "true"
    assert found["KRATIX_OBJECT_NAMESPACE"] == ""


def test_a_steps_own_variables_come_last_so_that_they_win() -> None:
    steps = [{**STEP, "env": [{"name": "KRATIX_OBJECT_NAME", "value": "mine"}]}]

    found = pod(one=pipeline(containers=steps))["initContainers"][1]

    assert names(found["env"])[-1] == "KRATIX_OBJECT_NAME"
    assert len(found["env"]) == 12


@pytest.mark.parametrize(("is_last", "word"), [(True, "true"), (False, "false")])
def test_the_status_writer_knows_whether_its_pipeline_is_the_last(
    *, is_last: bool, word: str
) -> None:
    env = pod(is_last=is_last)["containers"][0]["env"]

    assert env[0] == {"name": "IS_LAST_PIPELINE", "value": word}
    assert len([one for one in env if one["name"].startswith("KRATIX_")]) == 11


def test_the_status_writer_knows_its_pod_and_its_job() -> None:
    """A long handover is kept in a ConfigMap that goes with the Job."""
    env = pod()["containers"][0]["env"]

    paths = {one["name"]: one["valueFrom"]["fieldRef"] for one in env if "valueFrom" in one}
    assert paths == {
        "RUNWRIGHT_POD_NAME": {"fieldPath": "metadata.name"},
        "RUNWRIGHT_JOB_NAME": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"},
        "RUNWRIGHT_JOB_UID": {"fieldPath": "metadata.labels['batch.kubernetes.io/controller-uid']"},
    }


@pytest.mark.parametrize(
    ("steps", "action", "longest"),
    [
        pytest.param(1, WorkflowAction.CONFIGURE, "2048", id="one step"),
        pytest.param(1, DELETE, "2457", id="one step, no writer"),
        pytest.param(6, WorkflowAction.CONFIGURE, "1117", id="many steps"),
    ],
)
def test_the_status_writer_knows_how_much_the_kubelet_keeps(
    steps: int, action: WorkflowAction, longest: str
) -> None:
    """Of what it says it keeps less for every container, and a cluster may add some."""
    containers = [{**STEP, "name": f"step-{number}"} for number in range(steps)]

    env = pod(action=action, one=pipeline(containers=containers))["containers"][0]["env"]

    assert {"name": "RUNWRIGHT_LONGEST_MESSAGE", "value": longest} in env


@pytest.mark.parametrize(
    ("parent", "flags"),
    [
        (PROMISE, ["--namespace", "kratix-platform-system", "--workflow-type", "promise"]),
        (
            REQUEST,
            ["--namespace", "shop", "--workflow-type", "resource", "--resource-name", "orders"],
        ),
        (
            APART,
            [
                *("--namespace", "pipelines", "--workflow-type", "resource"),
                *("--resource-name", "orders", "--resource-namespace", "shop"),
            ],
        ),
    ],
    ids=["promise", "request", "request-apart"],
)
def test_the_work_writer_is_told_whose_work_it_is(parent: Parent, flags: list[str]) -> None:
    """K40."""
    writer = pod(parent)["initContainers"][2]

    assert writer["command"] == ["/bin/pipeline-adapter"]
    assert writer["args"] == [
        *("work-creator", "--input-directory", "/work-creator-files"),
        *("--promise-name", "database", "--pipeline-name", "instance", *flags),
    ]


def test_our_containers_may_do_nothing_on_their_node() -> None:
    found = pod()
    ours = [found["initContainers"][0], found["initContainers"][2], found["containers"][0]]

    for container in ours:
        assert container["image"] == "runwright/adapter:1"
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "privileged": False,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        }


def test_a_job_and_its_pod_are_labelled_with_what_they_are() -> None:
    """K39: and a pipeline's own labels win."""
    template = job_template(run_of(one=pipeline(labels={"team": "data"})), PLATFORM)

    assert template.labels == {
        "kratix.io/promise-name": "database",
        "kratix.io/workflow-type": "resource",
        "kratix.io/workflow-action": "configure",
        "kratix.io/pipeline-name": "instance",
        "app.kubernetes.io/managed-by": "Kratix",
        "kratix.io/hash": HASH,
        "kratix.io/resource-name": "orders",
        "team": "data",
    }


def test_a_pipelines_own_labels_win() -> None:
    labels = {"app.kubernetes.io/managed-by": "me"}

    found = job_template(run_of(one=pipeline(labels=labels)), PLATFORM).labels

    assert found["app.kubernetes.io/managed-by"] == "me"


@pytest.mark.parametrize(
    ("parent", "of_request"),
    [
        (PROMISE, {}),
        (REQUEST, {"kratix.io/resource-name": "orders"}),
        (APART, {"kratix.io/resource-name": "orders", "kratix.io/resource-namespace": "shop"}),
    ],
    ids=["promise", "request", "request-apart"],
)
def test_the_namespace_of_a_request_is_a_label_where_it_is_another(
    parent: Parent, of_request: dict[str, str]
) -> None:
    """K40."""
    found = job_template(run_of(parent), PLATFORM).labels

    assert {key: one for key, one in found.items() if "/resource-" in key} == of_request


def test_a_job_leads_back_to_its_parent_and_its_pod_has_the_pipelines_annotations() -> None:
    template = job_template(run_of(one=pipeline(annotations={"note": "x"})), PLATFORM)

    assert template.annotations == {
        "kratix.io/job-resource-namespace": "shop",
        "kratix.io/job-resource-name": "orders",
        "kratix.io/job-resource-kind": "Database",
        "kratix.io/job-resource-api-version": "example.org/v1",
    }
    assert template.spec["template"]["metadata"]["annotations"] == {"note": "x"}


def test_a_job_says_nothing_that_nobody_asked_for() -> None:
    """No deadline, no time to live: as upstream."""
    assert job_template(run_of(), PLATFORM).spec.keys() == {"template"}


@pytest.mark.parametrize(
    ("of_pipeline", "of_platform", "limit"),
    [(0, 4, 0), (None, 4, 4), (2, None, 2)],
    ids=["pipeline-first", "platform", "pipeline"],
)
def test_a_pipelines_backoff_limit_wins_over_the_platforms(
    of_pipeline: int | None, of_platform: int | None, limit: int
) -> None:
    """K41."""
    options = {} if of_pipeline is None else {"backoffLimit": of_pipeline}
    defaults = {} if of_platform is None else {"defaultBackoffLimit": of_platform}

    template = job_template(run_of(one=pipeline(jobOptions=options)), platform(jobOptions=defaults))

    assert template.spec["backoffLimit"] == limit


def test_a_steps_own_word_wins_over_the_platforms_and_that_over_kratixs() -> None:
    """K41."""
    own = {
        "imagePullPolicy": "Never",
        "securityContext": {"runAsUser": 1},
        "resources": {"limits": {"cpu": "1"}},
    }
    defaults = {
        "defaultImagePullPolicy": "Always",
        "defaultContainerSecurityContext": {"runAsUser": 2},
        "defaultContainerResources": {"limits": {"cpu": "2"}},
    }

    spoken = pod(one=pipeline(containers=[{**STEP, **own}]), platform=platform(**defaults))
    silent = pod(platform=platform(**defaults))
    nobody = pod()

    assert {key: spoken["initContainers"][1][key] for key in own} == own
    step = silent["initContainers"][1]
    assert (step["imagePullPolicy"], step["securityContext"]) == ("Always", {"runAsUser": 2})
    assert step["resources"] == {"limits": {"cpu": "2"}}
    assert "imagePullPolicy" not in nobody["initContainers"][1]
    assert "securityContext" not in nobody["initContainers"][1]
    assert nobody["initContainers"][1]["resources"]["requests"] == {
        "cpu": "100m",
        "memory": "128Mi",
        "ephemeral-storage": "128Mi",
    }


def test_a_pod_is_placed_as_its_pipeline_says() -> None:
    one = pipeline(
        nodeSelector={"zone": "a"},
        tolerations=[{"key": "gpu", "operator": "Exists"}],
        imagePullSecrets=[{"name": "theirs"}],
        restartPolicy="Never",
        rbac={"serviceAccount": "builder"},
    )

    found = pod(one=one, platform=Platform("adapter", "ours"))

    assert found["nodeSelector"] == {"zone": "a"}
    assert found["tolerations"] == [{"key": "gpu", "operator": "Exists"}]
    assert names(found["imagePullSecrets"]) == ["ours", "theirs"]
    assert found["restartPolicy"] == "Never"
    assert found["serviceAccountName"] == "builder"


def test_a_pod_says_nothing_of_its_place_where_its_pipeline_does_not() -> None:
    found = pod()

    assert not {"nodeSelector", "tolerations"} & found.keys()
    assert found["restartPolicy"] == "OnFailure"
    assert found["serviceAccountName"] == "database-resource-configure-instance"


@pytest.mark.parametrize(
    ("parent", "owner"),
    [
        (
            PROMISE,
            {
                "apiVersion": "platform.kratix.io/v1alpha1",
                "kind": "Promise",
                "name": "database",
                "uid": "p-1",
                "controller": True,
                "blockOwnerDeletion": True,
            },
        ),
        (
            REQUEST,
            {"apiVersion": "example.org/v1", "kind": "Database", "name": "orders", "uid": "r-1"},
        ),
        (APART, None),
    ],
    ids=["promise", "request", "request-apart"],
)
def test_a_job_goes_with_its_parent_unless_that_is_elsewhere(
    parent: Parent, owner: dict[str, Any] | None
) -> None:
    """K39 and K40: an owner in another namespace is none."""
    assert owners_of(parent) == ([owner] if owner else [])
    assert job_template(run_of(parent), PLATFORM).owners == ((owner,) if owner else ())
