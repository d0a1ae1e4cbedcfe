"""Manifests that nobody would write: a problem of theirs, never an error of ours."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runwright.errors import InvalidManifestError
from runwright.rules.manifests import Source, read_manifests

words = st.sampled_from(
    [
        *("apiVersion: bubustack.io/v1alpha1", "kind: Story", "kind: List", "items:", "spec:"),
        *("metadata: {name: x}", "steps:", "- name: a", "needs: [a, &x b]", "*x", "<<: *x"),
        *("type: gate", "with:", "if: '{{ steps.a'", "---", "...", "{", "[", "]", "}", ": ", "? "),
        *(
            "\n",
            "\n  ",
            "\n    ",
            "!!set",
            "%YAML 9",
            "\t",
            "&a",
            "|",
            ">",
            "'",
            '"',
            "#",
            "1e9",
            "~",
        ),
    ]
)


@given(st.lists(st.one_of(words, st.text(max_size=4)), max_size=30).map("".join))
def test_no_text_breaks_the_reading(text: str) -> None:
    try:
        bundle = read_manifests([Source("release.yaml", text)])
    except InvalidManifestError as error:
        assert error.problems  # noqa: PT017 - either outcome is fine, any other error is not
    else:
        assert not bundle.story_runs


documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6), st.just("{{ steps.a")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["name", "steps", "needs", "type", "with", "if", "ref", "finally", "policy", "spec"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@settings(max_examples=50)
@given(documents, st.lists(documents, max_size=3))
def test_no_document_breaks_the_reading(spec: object, steps: object) -> None:
    """Whatever the shape, it is a problem of the document and not of ours."""
    for body in (spec, {"steps": steps}, {"steps": steps, "policy": spec, "finally": steps}):
        story = {"apiVersion": "bubustack.io/v1alpha1", "kind": "Story", "spec": body}
        with pytest.raises(InvalidManifestError, match="metadata"):
            read_manifests([Source("release.yaml", json.dumps(story))])
