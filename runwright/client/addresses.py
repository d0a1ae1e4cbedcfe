"""What a person calls a Promise, or a request for one."""

from typing import Final, NamedTuple

_PROMISE: Final = "promise"
_REQUEST: Final = "request"
PROMISE_KIND: Final = "Promise"
REQUEST_KIND: Final = "ResourceRequest"
"""Of a request for any Promise, as its entity is registered."""


class ParentAddress(NamedTuple):
    """A Promise, or a request for one: by its Promise's name, or by its kind."""

    name: str
    namespace: str = ""
    """Empty for a Promise."""
    promise: str = ""
    """The name of the Promise that a request is for; empty where its kind is known."""
    kind: str = PROMISE_KIND
    """Empty where its Promise is known."""

    @property
    def is_promise(self) -> bool:
        """Whether it is a Promise itself."""
        return self.kind == PROMISE_KIND

    def __str__(self) -> str:
        """Return it as a command takes it."""
        if self.is_promise:
            return f"{_PROMISE}/{self.name}"
        head = f"{_REQUEST}/{self.promise}" if self.promise else self.kind
        return f"{head}/{self.namespace}/{self.name}"


def parent_address(text: str, home: str) -> ParentAddress | None:
    """Return what an address means; None if it is none of a Promise, nor of a request.

    `promise/NAME`, `request/PROMISE/[NAMESPACE/]NAME` or `KIND/[NAMESPACE/]NAME`: a kind begins
    with a capital letter, a namespace never does. `home` is the namespace where none is named.
    """
    match text.split("/"):
        case ["promise" | "Promise", name] if name:
            return ParentAddress(name)
        case ["request", promise, name] if promise and name:
            return ParentAddress(name, home, promise, "")
        case ["request", promise, namespace, name] if promise and namespace and name:
            return ParentAddress(name, namespace, promise, "")
        case [kind, name] if kind[:1].isupper() and name:
            return ParentAddress(name, home, "", kind)
        case [kind, namespace, name] if kind[:1].isupper() and namespace and name:
            return ParentAddress(name, namespace, "", kind)
        case _:
            return None
