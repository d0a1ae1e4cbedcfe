"""How the Secrets that a template asks for reach a step's container."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from runwright.models.bubustack import SecretDefinition, SecretMountType
from runwright.rules.bubustack.jobs.work import Work
from runwright.rules.naming import compose
from runwright.rules.wording import child, listed, quoted

_FOLDER: Final = "/etc/bubu/secrets"
_ENV: Final = frozenset({SecretMountType.ENV, SecretMountType.BOTH})
_FILE: Final = frozenset({SecretMountType.FILE, SecretMountType.BOTH})


class _Mapped(NamedTuple):
    """A secret of the template, and the Secret that stands for it."""

    name: str
    """The template's."""
    secret: str
    """The Secret's, in the namespace of the run."""
    definition: SecretDefinition

    @property
    def mount_type(self) -> SecretMountType:
        return self.definition.mount_type or SecretMountType.ENV

    @property
    def prefix(self) -> str:
        given = self.definition.env_prefix
        return f"{self.name}_" if given is None else given

    @property
    def path(self) -> str:
        return self.definition.mount_path or f"{_FOLDER}/{self.name}"

    @property
    def volume(self) -> str:
        return compose("secret", self.name)


def secret_variables(work: Work) -> dict[str, str]:
    """Return the variables that say where each secret is found, not what it is.

    One that is both in variables and in files is told as variables.

    Source: BubuStack, environment contract, secrets.
    """
    variables: dict[str, str] = {}
    for mapped in _mapped(work):
        in_env = mapped.mount_type in _ENV
        where = f"env:{mapped.prefix}" if in_env else f"file:{mapped.path}"
        variables[f"BUBU_SECRET_{mapped.name}"] = where
        variables[f"BUBU_SECRET_{mapped.name}_NAME"] = mapped.secret
    return variables


def secret_env(work: Work) -> list[dict[str, Any]]:
    """Return the variables that are single keys of Secrets: those that the template names."""
    return [
        {
            "name": f"{mapped.prefix}{key}",
            "valueFrom": {"secretKeyRef": {"name": mapped.secret, "key": key}},
        }
        for mapped in _mapped(work)
        if mapped.mount_type in _ENV
        for key in mapped.definition.expected_keys
    ]


def secret_env_from(work: Work) -> list[dict[str, Any]]:
    """Return the Secrets that become variables as a whole, for their keys are not named."""
    return [
        {"prefix": mapped.prefix, "secretRef": {"name": mapped.secret}}
        for mapped in _mapped(work)
        if mapped.mount_type in _ENV and not mapped.definition.expected_keys
    ]


def secret_volumes(work: Work) -> list[dict[str, Any]]:
    """Return the volumes of the Secrets that become files; of the keys that are named, if any."""
    return [
        {"name": mapped.volume, "secret": {"secretName": mapped.secret, **_items(mapped)}}
        for mapped in _mapped(work)
        if mapped.mount_type in _FILE
    ]


def secret_mounts(work: Work) -> list[dict[str, Any]]:
    """Return where those volumes are mounted."""
    return [
        {"name": mapped.volume, "mountPath": mapped.path, "readOnly": True}
        for mapped in _mapped(work)
        if mapped.mount_type in _FILE
    ]


def wrong_secrets(work: Work) -> Iterator[str]:
    """Yield which secrets nobody maps that must be, and which ones are mapped for nobody.

    Upstream passes over the latter: the step would run without the secret that it was to have.
    """
    known, given = _schema(work), _given(work)
    for name, definition in known.items():
        if definition.required and not given.get(name):
            yield f"{child('secrets', name)} is required by template {_template(work)}"
    for name in given:
        if name not in known:
            there = f"knows {listed(known)}" if known else "knows none"
            yield f"{child('secrets', name)} is no secret of template {_template(work)}: it {there}"


def _items(mapped: _Mapped) -> dict[str, Any]:
    keys = mapped.definition.expected_keys
    return {"items": [{"key": key, "path": key} for key in keys]} if keys else {}


def _mapped(work: Work) -> list[_Mapped]:
    given = _given(work)
    return [
        _Mapped(name, secret, definition)
        for name, definition in _schema(work).items()
        if (secret := given.get(name))
    ]


def _given(work: Work) -> dict[str, str]:
    """Return which Secret is mapped to which name: by the Engram, or by the step, which wins."""
    return {**(work.engram.spec.secrets or {}), **(work.step.secrets or {})}


def _schema(work: Work) -> Mapping[str, SecretDefinition]:
    return work.template.spec.secret_schema or {}


def _template(work: Work) -> str:
    return quoted(work.template.metadata.name)
