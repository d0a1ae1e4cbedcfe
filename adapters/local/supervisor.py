"""The process beside each local task: it claims the try, runs it and writes how it ended.

Started as a script, `python -I -S supervisor.py FOLDER`, it needs the standard library alone: it is
up in milliseconds, outlives the worker and works on when the worker is replaced by a newer one.
What worker and supervisor must agree on (exclusive files, whose process is whose) stands here too.
"""

# pathlib and typing would take as long to import as all the rest.
# ruff: noqa: PTH108, PTH110, PTH115, PTH119, PTH120, PTH123, PTH208

import contextlib
import fcntl
import json
import os
import select
import signal
import sys
import time

LINUX = sys.platform == "linux"
_RETRY_THE_END_FOR = 24 * 60 * 60.0
_LONGEST_WAIT = 1.0
"""Seconds; a stop from another container comes without a signal."""
_SESSION_MUST_BE_GONE_AFTER = 5.0
_BACK_TO_DEFAULT = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGTERM,
    signal.SIGCHLD,
)


def main() -> None:
    """Leave the worker's process tree, then supervise the try whose folder is the argument.

    Until the try is claimed standard error stays the worker's: what it reads there until the end
    of file is why there is no claim.
    """
    if os.fork():
        os._exit(0)  # the worker waits for this process alone
    os.setsid()
    supervise(sys.argv[1])


def supervise(folder: str) -> None:
    """Execute the try, unless somebody else has claimed it or it is over already."""
    alarm = _listen()  # before the claim: from then on a stop may arrive at any moment
    log = os.open(f"{folder}/log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    if not _claim(folder):
        return
    os.dup2(log, 1)
    os.dup2(log, 2)
    if os.path.exists(_done(folder)):
        return  # this folder was made late, by one who did not see that one
    _record(folder, _execute(folder, alarm))
    _ring(folder)


def write_once(path: str, content: dict[str, object], *, locked: bool = False) -> bool:
    """Create the file with all its content, durably; False, and no change, if it exists.

    With `locked` this process holds a lock on the file from before it is there until it dies, and
    the content says whether the disk knows locks.

    Raises:
        OSError: it could not be written; then it does not exist either.
    """
    folder = os.path.dirname(path)
    draft = f"{folder}/.{os.path.basename(path)}.{os.getpid()}.{time.monotonic_ns()}"
    try:
        with open(draft, "x", encoding="utf-8") as file:
            lock = {"locked": _lock_for_life(file.fileno())} if locked else {}
            json.dump({**content, **lock}, file)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
    _sync_names(folder)
    return True


def now() -> str:
    """Return the time in UTC as RFC 3339 has it, to the millisecond."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{text}.{nanoseconds // 1_000_000:03d}Z"


def boot_id() -> str:
    """Return what differs after every start of the machine."""
    if LINUX:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    return _ask("sysctl", "-n", "kern.boottime")


def pid_namespace() -> str:
    """Return what is the same for those who see the same processes under the same numbers."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:  # there are none on this system
        return ""


def process_start(pid: int) -> str | None:
    """Return when the process began, in the system's own words; None if it does not live.

    Together with the pid and the boot it tells a process from a later one of the same number.
    """
    found = _look_up(pid)
    return None if found is None else found[1]


def kill_session(session: int) -> None:
    """Kill every process of the session except its leader, until none is left.

    Raises:
        TimeoutError: some are still there after seconds.
    """
    give_up = time.monotonic() + _SESSION_MUST_BE_GONE_AFTER
    while members := _members(session):
        if time.monotonic() > give_up:
            message = f"processes {members} cannot be killed"
            raise TimeoutError(message)
        for pid in members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)  # they are nobody's children here: nothing tells when they are gone


def _members(session: int) -> list[int]:
    found: list[int] = []
    for pid in _pids():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid != session and os.getsid(pid) == session and _look_up(pid) is not None:
                found.append(pid)
    return found


def _pids() -> list[int]:
    if LINUX:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [int(line) for line in _ask("ps", "-axo", "pid=").split()]


def _look_up(pid: int) -> tuple[str, str] | None:
    """Return state and start of a process; None if there is none, or only what is left of it."""
    state, start = _from_proc(pid) if LINUX else _from_ps(pid)
    return None if state in {"", "Z", "X"} else (state, start)


def _from_proc(pid: int) -> tuple[str, str]:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "", ""
    return fields[0].decode(), fields[19].decode()


def _from_ps(pid: int) -> tuple[str, str]:
    state, _, start = _ask("ps", "-o", "stat=,lstart=", "-p", str(pid)).partition(" ")
    return state[:1], start.strip()


def _ask(*command: str) -> str:
    import subprocess  # noqa: PLC0415 - slow to import, and never needed on Linux

    answer = subprocess.run(  # noqa: S603 - fixed commands
        command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    return answer.stdout.strip()


def _sync_names(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _listen() -> int:
    """Return a descriptor that becomes readable when the child ended or a stop was asked for."""
    alarm, ring = os.pipe()
    os.set_blocking(alarm, False)
    os.set_blocking(ring, False)
    signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, _wake)
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    return alarm


def _wake(_number: int, _frame: object) -> None:
    """Do nothing: that there is a handler is what makes the signal write to the descriptor."""


def _claim(folder: str) -> bool:
    pid = os.getpid()
    claim: dict[str, object] = {
        "pid": pid,
        "processStart": process_start(pid),
        "bootId": boot_id(),
        "pidNamespace": pid_namespace(),
        "claimedAt": now(),
    }
    return write_once(f"{folder}/supervisor.json", claim, locked=True)


def _lock_for_life(descriptor: int) -> bool:
    """Lock the file until the process dies; no program that it starts inherits the lock."""
    try:
        fcntl.flock(os.dup(descriptor), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _done(folder: str) -> str:
    open_folder, name = os.path.split(folder)
    return f"{os.path.dirname(open_folder)}/done/{name.split('.')[0]}/{name}"


def _execute(folder: str, alarm: int) -> dict[str, object]:
    if _stop_grace(folder) is not None:
        return {"reason": "Stopped", "finishedAt": now()}
    with open(f"{folder}/task.json", encoding="utf-8") as file:
        task = json.load(file)
    started_at, timeout_at = now(), time.monotonic() + task["timeout"]
    try:
        child = _spawn(folder, task["command"], task["environment"])
    except (OSError, ValueError) as error:
        return {
            "reason": "CommandNotStarted",
            "message": _why_not(task["command"][0], error),
            "finishedAt": now(),
        }
    run = _Run(folder, child, timeout_at, task["grace"])
    status = run.wait(alarm)
    with contextlib.suppress(TimeoutError):  # the task itself is over all the same
        kill_session(os.getpid())
    return {**_verdict(run.ended_by_us, status), "startedAt": started_at, "finishedAt": now()}


def _spawn(folder: str, command: list[str], environment: dict[str, str]) -> int:
    os.chdir(f"{folder}/work")
    return os.posix_spawnp(
        command[0],
        command,
        {
            **os.environ,
            **environment,
            "RUNWRIGHT_INPUT": f"{folder}/input.json",
            "RUNWRIGHT_OUTPUT": f"{folder}/output.json",
        },
        setpgroup=0,
        setsigmask=(),
        setsigdef=_BACK_TO_DEFAULT,
    )


def _why_not(command: str, error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"{command[:200]}: {reason}"


class _Run:
    """The command while it runs, and how far its end has been driven."""

    def __init__(self, folder: str, child: int, timeout_at: float, grace: float) -> None:
        self._folder = folder
        self._child = child
        self._grace = grace
        self._due = timeout_at
        self.ended_by_us = ""
        """Stopped or TimedOut, once it was told to end."""

    def wait(self, alarm: int) -> int:
        """Return the child's exit status, negative for a signal, having ended it when due."""
        while (status := self._status()) is None:
            self._drive(time.monotonic(), _stop_grace(self._folder))
            remaining = min(self._due - time.monotonic(), _LONGEST_WAIT)
            if select.select([alarm], [], [], max(remaining, 0))[0]:
                os.read(alarm, 4096)
        return status

    def _status(self) -> int | None:
        pid, status = os.waitpid(self._child, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def _drive(self, moment: float, stop_grace: float | None) -> None:
        if stop_grace is not None and not self.ended_by_us:
            self._terminate("Stopped", moment + stop_grace)
        elif stop_grace is not None:
            self._due = min(self._due, moment + stop_grace)
        elif moment >= self._due and not self.ended_by_us:
            self._terminate("TimedOut", moment + self._grace)
        if moment >= self._due:
            with contextlib.suppress(TimeoutError):
                kill_session(os.getpid())
            self._due = moment + _SESSION_MUST_BE_GONE_AFTER

    def _terminate(self, reason: str, kill_at: float) -> None:
        self.ended_by_us = reason
        self._due = kill_at
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child, signal.SIGTERM)


def _stop_grace(folder: str) -> float | None:
    """Return the seconds of grace if the task was told to stop."""
    try:
        with open(f"{folder}/stop.json", encoding="utf-8") as file:
            return float(json.load(file)["grace"])
    except OSError:  # it is not there, or the disk does not answer now: there is a next look
        return None


def _verdict(ended_by_us: str, status: int) -> dict[str, object]:
    if ended_by_us == "TimedOut":
        return {"reason": "TimedOut", "exitCode": 124}
    reason = ended_by_us or ("Exited" if status else "Completed")
    if status >= 0:
        return {"reason": reason, "exitCode": status, "message": f"exit code {status}"}
    return {"reason": reason, "exitCode": 128 - status, "message": f"killed by {_name(-status)}"}


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # the real-time ones have no name
        return f"signal {number}"


def _record(folder: str, end: dict[str, object]) -> None:
    """Write how it ended; a full disk is waited for, since there is no other evidence."""
    give_up, pause = time.monotonic() + _RETRY_THE_END_FOR, 0.1
    while time.monotonic() < give_up:
        try:
            write_once(f"{folder}/end.json", end)
        except FileNotFoundError:
            return  # somebody removed the folder: nobody will ask
        except OSError:
            time.sleep(pause)
            pause = min(pause * 2, 5.0)
        else:
            return


def _ring(folder: str) -> None:
    """Tell the observer, if there is one, which task is over."""
    open_folder, name = os.path.split(folder)
    with contextlib.suppress(OSError):  # nobody listens, or too much is waiting: they also look
        bell = os.open(f"{os.path.dirname(open_folder)}/ended.fifo", os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(bell, f"{name}\n".encode())
        finally:
            os.close(bell)


if __name__ == "__main__":
    main()
