"""The settings of a platform, as its ConfigMap has them."""

from typing import Any, Final

from pydantic import ValidationError

from runwright.errors import InvalidManifestError, Problem
from runwright.models.kratix import KratixConfig
from runwright.models.objects import Manifest
from runwright.rules.documents.yaml_text import read_documents
from runwright.rules.kubernetes.fields import field
from runwright.rules.translation import problems_in

CONFIG_MAP: Final = "kratix"
"""Its name, in the namespace of the platform."""
_KEY: Final = "config"
_PATH: Final = f"data.{_KEY}"


def platform_config(config_map: Manifest | None) -> KratixConfig:
    """Return the settings of a platform; the defaults where there is no ConfigMap.

    Raises:
        InvalidManifestError: there is one, and it holds none, or none that can be read.

    Source: Kratix, `KratixConfig`.
    """
    if config_map is None:
        return KratixConfig()
    text = field(config_map, "data", _KEY)
    if not isinstance(text, str):
        raise InvalidManifestError([Problem(_PATH, "is required")])
    documents = list(read_documents(text))
    if problems := [one for document in documents for one in document.problems]:
        raise InvalidManifestError([one._replace(path=_PATH) for one in problems])
    value: Any = documents[0].value if documents else {}
    try:
        return KratixConfig.model_validate(value)
    except ValidationError as error:
        raise InvalidManifestError(problems_in(error, _PATH)) from error
