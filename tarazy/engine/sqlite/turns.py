"""Turns to write: one file's writers, in the order in which they came.

SQLite lets one connection write at a time, and the others wait by polling, in no order: under
load some wait for seconds. Here they wait in line, the threads of a process first come, first
served, and processes by `flock`, which the kernel frees when its holder dies. A program of
others that writes or makes a checkpoint must hold the same lock, on `<file>.queue`.
"""

import fcntl
import os
import threading
from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class _Waiter:
    """A thread in line, and the lock that it sleeps on until its turn comes."""

    thread: int
    come: threading.Lock = field(default_factory=threading.Lock)


class Turns:
    """The line before one file. Waiting has no limit: the holder is alive and at work."""

    def __init__(self, database: str) -> None:
        """Stand before the file at `database`: an absolute path without links."""
        self._database = database
        self._forget()

    def _forget(self) -> None:
        self._guard = threading.Lock()
        self._holder: int | None = None
        self._waiting: deque[_Waiter] = deque()
        self._file = _FileLock(f"{self._database}.queue")

    def start_afresh(self) -> None:
        """Leave the parent's line: a forked child holds no turn, whatever the parent held."""
        self._file.abandon()
        self._forget()

    def held(self) -> bool:
        """Say whether this thread has the turn."""
        return self._holder == threading.get_ident()

    def take(self) -> None:
        """Wait for the turn of this thread.

        Raises `RuntimeError` when the thread has it already, through another connection to the
        same file: it would wait for itself.
        """
        if self.held():
            raise RuntimeError(
                f"This thread is already writing to {self._database} through another connection."
                " `default` and `desk` are one file: end the one transaction, then begin the other."
            )
        self._line_up()
        try:
            self._file.lock()
        except BaseException:
            self._call_next()
            raise

    def give_back(self) -> None:
        """End the turn of this thread; the next in line begins."""
        try:
            self._file.unlock()
        finally:
            self._call_next()

    def _line_up(self) -> None:
        me = _Waiter(threading.get_ident())
        with self._guard:
            if self._holder is None:
                self._holder = me.thread
                return
            me.come.acquire()
            self._waiting.append(me)
        try:
            me.come.acquire()
        except BaseException:  # an interrupt: the line must not wait for one who has gone
            self._step_out(me)
            raise

    def _step_out(self, me: _Waiter) -> None:
        with self._guard:
            if me in self._waiting:
                self._waiting.remove(me)
                return
        self._call_next()

    def _call_next(self) -> None:
        with self._guard:
            if not self._waiting:
                self._holder = None
                return
            following = self._waiting.popleft()
            self._holder = following.thread
            following.come.release()


class _FileLock:
    """An exclusive `flock` on a file of its own, opened when first wanted."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._handle: int | None = None

    def lock(self) -> None:
        while True:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            if os.fstat(self._handle).st_nlink:
                return
            self.abandon()  # someone removed the file: a lock on it would hold nobody back

    def unlock(self) -> None:
        if self._handle is not None:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def abandon(self) -> None:
        if self._handle is not None:
            os.close(self._handle)  # without LOCK_UN, which would free the parent's lock as well
            self._handle = None


_turns: dict[str, Turns] = {}


def turns(database: str | os.PathLike[str]) -> Turns:
    """Return the line before a database file; one file, one line, whatever it is called."""
    path = os.path.realpath(database)
    # setdefault is one step: two threads that come at once get the same line.
    return _turns.get(path) or _turns.setdefault(path, Turns(path))


def _in_child() -> None:
    for line in _turns.values():
        line.start_afresh()


os.register_at_fork(after_in_child=_in_child)
