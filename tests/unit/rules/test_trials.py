"""A Story that no run could execute is told of before somebody starts one."""

import pytest

from runwright.models.tasks import Backend
from runwright.rules.bubustack.trials import trial_problems, trial_warnings
from runwright.rules.manifests import Bundle, Source, read_manifests

STORY = """
apiVersion: bubustack.io/v1alpha1
kind: Story
metadata: {name: release}
spec:
  inputsSchema: {required: [tag]}
  steps:
  - {name: build, ref: {name: builder}, with: {target: all}}
"""
ENGRAM = """
apiVersion: bubustack.io/v1alpha1
kind: Engram
metadata: {name: builder}
spec: {templateRef: {name: shell}}
"""
TEMPLATE = """
apiVersion: catalog.bubustack.io/v1alpha1
kind: EngramTemplate
metadata: {name: shell}
spec: {version: v1, supportedModes: [job], image: "shell:1"}
"""
MISSPELT = ENGRAM.replace("shell}", "shell}, secrets: {registar: registry-login}")
ASKING = TEMPLATE.replace("version: v1", "version: v1, secretSchema: {registrar: {required: true}}")
STRICT = TEMPLATE.replace(
    "version: v1", "version: v1, inputSchema: {properties: {target: {type: integer}}}"
)


def read(*documents: str, backend: Backend = Backend.KUBERNETES) -> Bundle:
    return read_manifests([Source("release.yaml", "---".join(documents), "/x")], backend=backend)


def problems(*documents: str, backend: Backend = Backend.KUBERNETES) -> list[str]:
    bundle = read(*documents, backend=backend)
    (story,) = bundle.stories.values()
    return [str(one) for one in trial_problems(bundle, story, backend)]


def test_a_story_that_can_be_run_has_no_problem_and_what_a_run_brings_is_none() -> None:
    assert problems(STORY, ENGRAM, TEMPLATE) == []


def test_a_secret_that_is_misspelt_is_told_of_as_at_a_start() -> None:
    found = problems(STORY, MISSPELT, ASKING)

    assert [one.partition(": spec.steps[0]: ")[2] for one in found] == [
        'secrets.registrar is required by template "shell"',
        'secrets.registar is no secret of template "shell": it knows registrar',
    ]


def test_an_input_that_does_not_fit_its_template_is_told_of() -> None:
    (found,) = problems(STORY, ENGRAM, STRICT)

    assert found.startswith("release.yaml: Story/release: spec.steps[0].with.target: ")


@pytest.mark.parametrize("backend", [Backend.LOCAL, Backend.KUBERNETES])
def test_what_the_files_lack_may_be_elsewhere(backend: Backend) -> None:
    bundle = read(STORY, backend=backend)
    (story,) = bundle.stories.values()

    assert list(trial_problems(bundle, story, backend)) == []
    (warning,) = trial_warnings(bundle, story, backend)
    assert str(warning).endswith(
        'among the files there is no Engram "builder" in the namespace "default"'
    )


def test_what_only_a_cluster_does_is_no_problem_of_manifests_for_one() -> None:
    """They may be examined where there is none."""
    secrets = STORY.replace("{target: all}}", "{target: all}, secrets: {login: here}}")

    assert problems(secrets, ENGRAM, TEMPLATE, backend=Backend.LOCAL) == []


def test_an_annotation_of_a_template_that_is_misspelt_is_told() -> None:
    """Without its command the container runs what its image says."""
    template = TEMPLATE.replace("shell}", 'shell, annotations: {runwright.dev/comand: "true"}}')

    (warning,) = read(template).warnings

    assert str(warning).endswith(
        'metadata.annotations["runwright.dev/comand"]: there is no such annotation '
        '(did you mean "runwright.dev/command"?)'
    )
