"""How secrets reach a step's container."""

import pytest

from runwright.rules.bubustack.jobs import Work, cluster_variables, secret_problems
from runwright.rules.bubustack.jobs.pod import pod_of
from tests.unit.rules.stories import engram
from tests.unit.rules.works import Fields, cluster_run, work


def mapped(**definition: object) -> Work:
    """Return a step whose secret `key` is the Secret `prod-key`, as its template defines it."""
    return work({"secrets": {"key": "prod-key"}}, image={"secretSchema": {"key": definition}})


def container(one: Work) -> Fields:
    """Return the pod's container."""
    found: Fields = pod_of(one)["containers"][0]
    return found


def keys(one: Work) -> list[Fields]:
    """Return the variables that are keys of Secrets."""
    return [entry for entry in container(one)["env"] if "secretKeyRef" in entry["valueFrom"]]


def told(one: Work) -> dict[str, str]:
    """Return the variables that say where the secrets are."""
    variables = cluster_variables(one)
    return {name: value for name, value in variables.items() if "SECRET" in name}


def place(one: Work) -> str:
    """Return where the container is told to find the secret."""
    return told(one)["BUBU_SECRET_key"]


def test_a_secret_becomes_variables_unless_its_template_says_otherwise() -> None:
    one = mapped()

    assert container(one)["envFrom"] == [{"prefix": "key_", "secretRef": {"name": "prod-key"}}]
    assert told(one) == {"BUBU_SECRET_key": "env:key_", "BUBU_SECRET_key_NAME": "prod-key"}


def test_only_the_keys_that_a_template_names_become_variables() -> None:
    """Another key of the same Secret is none of the step's business."""
    one = mapped(mountType="env", envPrefix="APP_", expectedKeys=["user", "password"])

    assert keys(one) == [
        {
            "name": f"APP_{key}",
            "valueFrom": {"secretKeyRef": {"name": "prod-key", "key": key}},
        }
        for key in ("user", "password")
    ]
    assert "envFrom" not in container(one)
    assert place(one) == "env:APP_"


def test_a_secret_may_become_files() -> None:
    one = mapped(mountType="file", expectedKeys=["tls.crt"])

    assert pod_of(one)["volumes"][0] == {
        "name": "secret-key",
        "secret": {"secretName": "prod-key", "items": [{"key": "tls.crt", "path": "tls.crt"}]},
    }
    assert container(one)["volumeMounts"][0] == {
        "name": "secret-key",
        "mountPath": "/etc/bubu/secrets/key",
        "readOnly": True,
    }
    assert (keys(one), "envFrom" in container(one)) == ([], False)
    assert place(one) == "file:/etc/bubu/secrets/key"


def test_a_template_says_where_the_files_are() -> None:
    one = mapped(mountType="file", mountPath="/run/key")

    assert pod_of(one)["volumes"][0]["secret"] == {"secretName": "prod-key"}
    assert container(one)["volumeMounts"][0]["mountPath"] == "/run/key"
    assert place(one) == "file:/run/key"


def test_a_secret_may_be_both() -> None:
    one = mapped(mountType="both")

    assert container(one)["envFrom"][0]["secretRef"] == {"name": "prod-key"}
    assert pod_of(one)["volumes"][0]["secret"] == {"secretName": "prod-key"}
    assert place(one) == "env:key_"


def test_a_volume_has_a_name_that_a_cluster_takes() -> None:
    schema = {"API_Key": {"mountType": "file"}}

    one = work({"secrets": {"API_Key": "prod-key"}}, image={"secretSchema": schema})

    assert pod_of(one)["volumes"][0]["name"] == "secret-api-key"


def test_a_steps_mapping_wins_over_its_engrams() -> None:
    one = work(
        {"secrets": {"key": "mine"}},
        worker={"secrets": {"key": "common", "token": "theirs"}},
        image={"secretSchema": {"key": {}, "token": {}, "spare": {}}},
    )

    assert [entry["secretRef"]["name"] for entry in container(one)["envFrom"]] == ["mine", "theirs"]


@pytest.mark.parametrize(
    ("step", "schema", "faults"),
    [
        ({}, {"key": {"required": True}}, ['secrets.key is required by template "image"']),
        ({"secrets": {"key": "x"}}, {"key": {"required": True}}, []),
        ({}, {"key": {"required": False}}, []),
        (
            {"secrets": {"kye": "x"}},
            {"key": {}, "token": {}},
            ['secrets.kye is no secret of template "image": it knows key and token'],
        ),
        (
            {"secrets": {"key": "x"}},
            None,
            ['secrets.key is no secret of template "image": it knows none'],
        ),
    ],
)
def test_a_step_that_would_lack_a_secret_is_told(
    step: Fields, schema: Fields | None, faults: list[str]
) -> None:
    start = cluster_run(engram("first"), engram("build", **step), image={"secretSchema": schema})

    found = [one.message for one in secret_problems(start) if one.path == "spec.steps[1]"]

    assert found == faults


def test_what_an_engram_maps_counts_for_all_its_steps() -> None:
    start = cluster_run(
        worker={"secrets": {"key": "x"}}, image={"secretSchema": {"key": {"required": True}}}
    )

    assert secret_problems(start) == []
