"""What a pod writes into its StepRun, as an SDK does, and what its container comes to after it."""

import asyncio
import json
from typing import Any, Final, NamedTuple

from adapters.kubernetes.resources import ENGRAM_TEMPLATES, STEP_RUNS
from tests.cluster.hands import is_over, messages_of, report, running_pod, watched_pods, worker
from tests.cluster.runs import Stage, phase_of, retries, step

ENDS: Final = 'test "$RUNWRIGHT_TRY" = 1 || exit 0; sleep 8; exit {code}'
ERROR: Final = {"version": "v1", "type": "execution_error", "message": "no disk"}
LARGE: Final = "x" * 100 * 1024
IN_A_POD: Final = """
import json, os, ssl, urllib.request
folder = "/var/run/secrets/kubernetes.io/serviceaccount"
run, namespace = os.environ["BUBU_STEPRUN_NAME"], os.environ["BUBU_STEPRUN_NAMESPACE"]
host = os.environ["KUBERNETES_SERVICE_HOST"]
path = f"/apis/runs.bubustack.io/v1alpha1/namespaces/{namespace}/stepruns/{run}/status"
status = {"phase": "Succeeded", "output": {"text": "x" * 5000}, "exitCode": 0}
request = urllib.request.Request(
    f"https://{host}{path}", json.dumps({"status": status}).encode(), method="PATCH"
)
request.add_header("Content-Type", "application/merge-patch+json")
request.add_header("Authorization", "Bearer " + open(f"{folder}/token").read())
trust = ssl.create_default_context(cafile=f"{folder}/ca.crt")
urllib.request.urlopen(request, context=trust).read()
raise SystemExit(9)
"""


class Reported(NamedTuple):
    """What a pod writes before it ends with that code, and what becomes of its step."""

    status: dict[str, Any]
    code: int
    phase: str
    tries: int


REPORTS: Final = {
    "case-41": Reported({"phase": "Succeeded"}, code=1, phase="Succeeded", tries=1),
    "case-42": Reported(
        {"phase": "Failed", "exitClass": "retry", "error": ERROR},
        code=1,
        phase="Succeeded",
        tries=2,
    ),
    "terminal": Reported(
        {"phase": "Failed", "exitClass": "terminal", "error": ERROR},
        code=137,
        phase="Failed",
        tries=1,
    ),
    "timeout": Reported(
        {"phase": "Timeout", "exitClass": "terminal", "exitCode": 124},
        code=0,
        phase="Timeout",
        tries=1,
    ),
    "wordy": Reported(
        {"phase": "Failed", "exitClass": "terminal", "lastFailureMsg": LARGE},
        code=1,
        phase="Failed",
        tries=1,
    ),
}


async def test_what_a_pod_reports_counts_before_its_exit_code(stage: Stage) -> None:
    """Cases 41 and 42: a success stays one, and a failure is judged by the class it names."""
    for name, expected in REPORTS.items():
        await stage.engram(name, ENDS.format(code=expected.code))
    steps = [step(name, name, execution=retries(1), allowFailure=True) for name in REPORTS]
    await stage.story("release", *steps)

    async def end(name: str) -> None:
        await running_pod(stage, f"web-1-{name}")
        await report(stage, f"web-1-{name}", **REPORTS[name].status)

    async with watched_pods(stage) as pods, stage.served():
        await stage.run("web-1", "release")
        await asyncio.gather(*map(end, REPORTS))
        run = await stage.until_phase("web-1", "Succeeded", "Failed")

    shown = run["status"]["stepStates"]
    records = {name: await stage.until(f"web-1-{name}", is_over, STEP_RUNS) for name in REPORTS}
    for name, expected in REPORTS.items():
        seen = shown[name]["phase"], phase_of(records[name]), len(pods.tries(name))
        assert (name, *seen) == (name, expected.phase, expected.phase, expected.tries)
    assert messages_of(run)["terminal"] == "no disk"
    assert records["terminal"]["status"]["error"] == ERROR
    assert len(messages_of(run)["wordy"]) == 2048


async def test_a_large_output_reaches_the_steps_that_need_it(stage: Stage) -> None:
    """It is more than a termination message takes. In the cluster it stays where it was written."""
    await stage.engram("large", "sleep 8")
    await stage.engram("use", 'printf "$BUBU_TRIGGER_DATA" >/dev/termination-log')
    use = step("use", "use", **{"with": {"image": "{{ steps.large.output.image }}"}})
    await stage.story("release", step("large", "large"), use)
    output = {"image": "web:1", "text": LARGE}

    async with stage.served():
        run = await stage.run("web-1", "release")
        await running_pod(stage, "web-1-large")
        await report(stage, "web-1-large", phase="Succeeded", output=output)
        over = await stage.until_phase("web-1", "Succeeded", "Failed")
        state = await stage.state(run)

    record = await stage.until("web-1-large", is_over, STEP_RUNS)
    assert phase_of(over) == "Succeeded"
    assert record["status"]["output"] == state.steps["large"].output == output
    assert state.steps["use"].output == {"image": "web:1"}
    assert len(json.dumps(over)) < len(LARGE) / 10


async def test_a_pod_may_report_as_its_own_run_only(stage: Stage) -> None:
    """By the rights of the run's ServiceAccount, through the API server, as an SDK does it."""
    image = await asyncio.to_thread(stage.testbed.load_runwright)
    await worker(stage, "work", json.dumps(["python3", "-c", IN_A_POD]), image=image)
    await stage.story("release", step("build", execution=retries(0)))

    async with stage.served():
        run = await stage.run("web-1", "release")
        await stage.until_phase("web-1", "Succeeded", "Failed")
        state = await stage.state(run)

    assert state.steps["build"].output == {"text": "x" * 5000}
    assert await stage.cluster.get(ENGRAM_TEMPLATES, "", f"{stage.namespace}-work")
