"""What the API server refuses by rules in CEL, `x-kubernetes-validations`.

A rule sees one object of one kind, and of its metadata only the name; fields of free shape it can
compare and not look into. So these cannot be said in CEL, and are found later by the admission
rules, which report them on the resource:

- whether a Story, an Engram or a template exists, has the version asked for, and is in a namespace
  that may be referred to;
- inputs against a schema, schemas against their dialect, templates against their scope;
- the trigger token of a StoryRun, for it is an annotation and its name a hash;
- the arguments of primitives (`with` is free): the Story that an executeStory step names, `until`
  of a wait, timeouts and poll intervals of waits and gates;
- circles of steps, and whether `requires` leads to a step further up;
- sizes in bytes, of an object or of a block of it;
- what depends on settings of the installation.

Source: bobrapet, CRDs and webhooks.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from runwright.rules.crds import kratix
from runwright.rules.crds.kinds import Kind, Validation
from runwright.rules.crds.limits import STEP_LISTS

_LISTS: Final = tuple(path.removeprefix("spec.") for path in STEP_LISTS)
"""Each may wait for its own steps and for those of the lists before it."""


def _of_each_step(step: str) -> Iterator[Validation]:
    yield Validation(step, "has(self.ref) != has(self.type)", 'must have one of "ref" and "type"')
    yield Validation(
        step, "!has(self.needs) || !(self.name in self.needs)", "a step cannot wait for itself"
    )
    yield Validation(
        step,
        "!has(self.type) || self.type != 'executeStory' || has(self.with)",
        "an executeStory step must name a Story in with.storyRef.name",
        reason="FieldValueRequired",
    )


def _names(steps: str) -> str:
    named = f"self.{steps}.map(s, s.name)"
    return named if steps == "steps" else f"(has(self.{steps}) ? {named} : [])"


def _unique_names() -> Validation:
    # The list in a list gives the names a name, so that they are gathered once.
    names = f"[{' + '.join(map(_names, _LISTS))}]"
    return Validation(
        "spec",
        f"{names}.all(names, names.all(n, names.exists_one(m, m == n)))",
        "the name of a step must be its own among steps, compensations and finally",
        detail=f"{names}.map(names, '%s is the name of more than one step'"
        ".format([names.filter(n, !names.exists_one(m, m == n))[0]]))[0]",
    )


def _known_needs(steps: str) -> Validation:
    reach = _LISTS[: _LISTS.index(steps) + 1]
    # Names stay in lists of their own: a need is most often of the first, and found at less cost.
    names = f"[[{', '.join(map(_names, reach))}]]"
    lost = "!names.exists(some, n in some)"
    needs = f"self.{steps}.map(s, has(s.needs) ? s.needs.filter(n, {lost}) : [])"
    step = f"self.{steps}.filter(s, has(s.needs) && s.needs.exists(n, {lost}))[0].name"
    where = " or ".join(filter(None, (", ".join(reach[:-1]), reach[-1])))
    return Validation(
        "spec",
        f"{_if_any(steps)}{names}.all(names, self.{steps}.all(s,"
        " !has(s.needs) || s.needs.all(n, names.exists(some, n in some))))",
        f"a step of {steps} can only wait for one of {where}",
        detail=f"{names}.map(names, '%s needs %s, which is not one of {where}'"
        f".format([{step}, {needs}.filter(lost, size(lost) > 0)[0][0]]))[0]",
    )


def _if_any(steps: str) -> str:
    """Return what makes a rule about a list of steps true where there is none."""
    return "" if steps == "steps" else f"!has(self.{steps}) || "


def _without_waiting(steps: str) -> Validation:
    return Validation(
        "spec",
        f"self.pattern != 'realtime' || {_if_any(steps)}"
        f"self.{steps}.all(s, !has(s.type) || !(s.type in ['gate', 'wait']))",
        "neither a gate nor a wait can be part of a realtime Story",
        reason="FieldValueForbidden",
    )


def _declared_transports(steps: str) -> Validation:
    return Validation(
        "spec",
        f"{_if_any(steps)}self.{steps}.all(s, !has(s.transport) || (has(self.transports)"
        " && self.transports.exists(t, t.name == s.transport)))",
        f"a step of {steps} uses a transport that is not declared",
    )


def _of_a_story() -> Iterator[Validation]:
    for steps in _LISTS:
        yield from _of_each_step(f"spec.{steps}[]")
        yield _known_needs(steps)
        yield _without_waiting(steps)
        yield _declared_transports(steps)
    yield _unique_names()
    yield Validation(
        "spec.transports",
        "self.all(t, self.exists_one(o, o.name == t.name))",
        "the name of a transport must be its own",
    )


def _unchanged(field: str) -> Validation:
    return Validation(
        "spec",
        f"has(self.{field}) == has(oldSelf.{field})"
        f" && (!has(self.{field}) || self.{field} == oldSelf.{field})",
        f"{field} cannot be changed; of a StoryRun only cancelRequested can, once, to true",
        reason="FieldValueForbidden",
    )


_OF_A_STORY_RUN: Final = (
    *(_unchanged(field) for field in ("storyRef", "impulseRef", "inputs")),
    Validation(
        "spec",
        "!has(oldSelf.cancelRequested) || !oldSelf.cancelRequested"
        " || (has(self.cancelRequested) && self.cancelRequested)",
        "cancelRequested cannot be undone",
        reason="FieldValueForbidden",
    ),
    Validation(
        "status.observedGeneration", "self >= oldSelf", "observedGeneration cannot decrease"
    ),
    Validation(
        "status.conditions",
        "size(self) == 0 || self.exists(c, c.type == 'Ready')",
        "one of the conditions must be Ready",
        reason="FieldValueRequired",
    ),
    Validation(
        "status.conditions[]",
        "has(self.lastTransitionTime)",
        "a condition must have a lastTransitionTime",
        reason="FieldValueRequired",
    ),
)
_OF_A_STEP_RUN: Final = (
    Validation(
        "spec.downstreamTargets[]",
        "has(self.grpc) != has(self.terminate)",
        'must have one of "grpc" and "terminate"',
    ),
    Validation(
        "",
        "!has(self.status) || !has(self.status.needs)"
        " || !(self.metadata.name in self.status.needs)",
        "a StepRun cannot wait for itself",
    ),
)

VALIDATIONS: Final[Mapping[Kind, tuple[Validation, ...]]] = {
    Kind.STORY: tuple(_of_a_story()),
    Kind.ENGRAM: (),
    Kind.ENGRAM_TEMPLATE: (),
    Kind.STORY_RUN: _OF_A_STORY_RUN,
    Kind.STEP_RUN: _OF_A_STEP_RUN,
    **kratix.VALIDATIONS,
}
