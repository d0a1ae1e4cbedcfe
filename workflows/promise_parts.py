"""What a Promise has beyond a request: an installation, and requests that follow it."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

from activities.parents import Configuring, ParentActivities
from runwright.models.kratix import (
    FanOut,
    RequestsAsked,
    Requirers,
    Standing,
    StartParent,
)
from runwright.models.kratix.keys import RECONCILE_RESOURCES
from runwright.models.objects import EventType
from runwright.rules.kratix.availability import (
    FULFILLED,
    availability,
    is_fulfilled,
    requirements_fulfilled,
    said_of,
    shows_lack,
    unfulfilled,
)
from runwright.rules.kratix.progress import with_condition
from runwright.rules.kratix.triggers import Decision, Hold, Move, asks_for_all_requests
from workflows.asking import asked, asked_at_length
from workflows.parents import is_paused
from workflows.promise_turns import PromiseTurns

_SERVED_SOON: Final = timedelta(seconds=5)
_REQUIRED_LATER: Final = timedelta(seconds=60)
_MOST_DOUBLINGS: Final = 10
_FOLLOWS: Final = "promise-follows-requirements"
"""The mark of Promises that heed each word about those around them, and say what they lack."""
_ASKS_ALL_FIRST: Final = "requests-start-when-all-are-asked"
"""The mark of Promises whose requests do so: the first ones let each start at once."""
_EVER_LATER: Final = "promise-looks-ever-later"
"""The mark of Promises that do so: the first recorded ones looked every five seconds."""


class PromiseParts(PromiseTurns):
    """The parts of the life of a Promise that no request has."""

    def __init__(self, start: StartParent) -> None:
        super().__init__(start)
        self._installed_for = ""
        """The hash and labels that the Promise had when it was installed; empty: it was not."""
        self._looks_at = workflow.now()
        """When to look again at what the installation lacked."""
        self._looks = 0
        """How often in a row its API was found not to be served."""

    @workflow.signal(name="see_requirers", description="Which Promises require this one.")
    def see_requirers(self, requirers: Requirers) -> None:
        """Show which Promises require this one."""
        if workflow.patched(_FOLLOWS):  # a worker from before may have passed it over
            self._requirers = requirers
            self._note_change()

    async def _decided(self) -> Decision:
        """Return what is to be done, once the Promise is installed as it is now.

        Source: Kratix, Promise configure workflow.
        """
        is_going = self._seen.is_deleted
        if not is_going and not is_paused(self._seen) and self._is_to_be_installed():
            await self._install()
        decision = await super()._decided()
        if is_going or decision.move is Move.RELEASE:
            return decision
        if lacks := self._lacking(decision):
            self._why, self._unplanned_for = lacks, ""  # InvalidPromise says what is wrong
            decision = Decision(Move.HOLD, hold=Hold.UNPLANNED, at=self._looks_at)
        self._note_availability(decision)
        if decision.move is Move.START:
            await self._show()  # its run shows how far the pipelines are, and no more
        return decision if self._lacks_nothing() else self._with_look(decision)

    def _lacks_nothing(self) -> bool:
        """Return whether it is not to be looked again at what the installation lacked.

        While it is paused nobody looks: a moment that has come would be over and over again.
        """
        rests = is_paused(self._seen) and self._looks_at <= workflow.now()
        return rests or is_fulfilled(self._installed)

    def _with_look(self, decision: Decision) -> Decision:
        return decision._replace(at=min(filter(None, (decision.at, self._looks_at))))

    def _is_to_be_installed(self) -> bool:
        is_other = self._installed_for != self._fingerprint()
        later = not is_fulfilled(self._installed) and workflow.now() >= self._looks_at
        if is_other or later or self._is_to_be_seen:
            return True
        # It was told so while it was being installed: what it read may have been as before.
        return self._is_told_to_look and workflow.patched(_FOLLOWS)

    def _fingerprint(self) -> str:
        labels = sorted(self._seen.sight.labels.items())
        return f"{self._seen.sight.hash} {self._seen.sight.generation} {labels}"

    async def _install(self) -> None:
        """Have its API served, its revision kept and its dependencies written."""
        self._installed_for = self._fingerprint()
        self._is_told_to_look = False
        known = self._installed.problems
        self._installed = await asked_at_length(
            ParentActivities.install_promise, self._parent, summary="install the promise"
        )
        if (problems := self._installed.problems) and problems != known:
            await self._tell("InvalidPromise", "; ".join(problems), EventType.WARNING)
        self._looks_at = workflow.now() + self._wait()

    def _wait(self) -> timedelta:
        """Return after what time to look again: an API is served soon, or after no short time."""
        if self._installed.is_served:
            self._looks = 0
            return _REQUIRED_LATER
        self._looks += 1
        if self._looks == 1 or not workflow.patched(_EVER_LATER):
            return _SERVED_SOON
        later: timedelta = _SERVED_SOON * 2 ** min(self._looks - 1, _MOST_DOUBLINGS)
        return min(later, _REQUIRED_LATER)

    def _lacking(self, decision: Decision) -> str:
        """Return why nothing may start for the Promise as it is installed; empty: it may."""
        if decision.hold is Hold.PAUSED:
            return ""
        if self._installed.problems:
            return "; ".join(self._installed.problems)
        return "" if self._installed.is_served else "Waits until its API is served"

    def _rests_at(self, decision: Decision) -> tuple[Standing, str]:
        """Return what it is at: it waits for the Promises that it lacks."""
        lacks = unfulfilled(self._installed.required)
        if lacks and workflow.patched(_FOLLOWS):
            return Standing.WAITING, f"Waits for Promises that it requires: {said_of(lacks)}"
        return super()._rests_at(decision)

    def _note_availability(self, decision: Decision) -> None:
        """Keep whether it can fulfil requests, and whether what it requires is there."""
        now = workflow.now()
        known = availability(self._state, self._installed, decision.move, decision.hold)
        required = requirements_fulfilled(self._installed)
        if required is None and shows_lack(self._state) and workflow.patched(_FOLLOWS):
            required = FULFILLED
        conditions = [known] if required is None else [required, known]
        self._state = with_condition(self._state, now, *conditions)
        if self._installed.version:
            update = {"promise_version": self._installed.version}
            self._state = self._state.model_copy(update=update)
        self._note_settled(decision)

    async def _have_requests_follow(self) -> None:
        """Have every request run anew that a change, or somebody, asks to; they do so in turn."""
        sight = self._decided_on.sight
        if asks_for_all_requests(sight, self._state.observed_generation):
            await self._tell("ReconcilingResources", "All requests for the Promise run anew")
            requests = await self._all_asked()
            await self._mark(removes=[RECONCILE_RESOURCES])
            self._fan_out = FanOut(
                since=workflow.now(), generation=sight.generation, asked=requests.count
            )
        self._let_followers_start()

    async def _all_asked(self) -> RequestsAsked:
        """Ask every request to run anew; return how many there are.

        None of them starts before all are asked: what is repeated, because its answer was lost,
        would ask those again that have run by then.
        """
        if workflow.patched(_ASKS_ALL_FIRST):
            self._may_follow = False
        try:
            return await asked_at_length(
                ParentActivities.ask_requests, self._parent, summary="ask all requests"
            )
        except ActivityError:
            self._let_followers_start()
            raise

    async def _others_run(self) -> Configuring:
        """Return which requests for the Promise are being configured."""
        return await asked(
            ParentActivities.is_configuring, self._parent, summary="is a request being configured?"
        )
