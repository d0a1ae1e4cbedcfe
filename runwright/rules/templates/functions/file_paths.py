"""Functions about the paths of files; none looks at a file.

Source: Go, path; Sprig, path functions.
"""

from typing import Final

from runwright.rules.templates.functions.registry import Functions, function


def _clean(path: str) -> str:
    """Return the shortest path that means the same."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part in {"", "."}:
            continue
        if part != "..":
            parts.append(part)
        elif parts and parts[-1] != "..":
            parts.pop()
        elif not rooted:
            parts.append(part)
    return ("/" if rooted else "") + "/".join(parts) or "."


def _base(path: str) -> str:
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def _folder(path: str) -> str:
    return _clean("".join(path.rpartition("/")[:2]))


def _extension(path: str) -> str:
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:] if dot >= 0 else ""


def _is_absolute(path: str) -> bool:
    return path.startswith("/")


FILE_PATHS: Final[Functions] = {
    f"{prefix}{name if not prefix else name[0].upper() + name[1:]}": function(call, "text")
    for name, call in (
        ("base", _base),
        ("clean", _clean),
        ("dir", _folder),
        ("ext", _extension),
        ("isAbs", _is_absolute),
    )
    for prefix in ("", "os")
}
