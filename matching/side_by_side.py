"""Several tasks at once, each in a process of its own: the pairing solver holds Python's interpreter lock."""

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import TypeVar, cast

from matching.exceptions import MatchingError

Answer = TypeVar("Answer")

# How often whoever asked for the answers is heard while none comes, in seconds.
_HEARD_EVERY = 0.2


def side_by_side(
    tasks: Sequence[Callable[[], Answer]], *, n_jobs: int, on_done: Callable[[int], None]
) -> list[Answer]:
    """The answers in the order of the tasks; at most `n_jobs` run at a time, started in their order.

    Forked processes share what was prepared before; a task starts no threads and takes no locks, for other threads
    of this process do not live on in its copy. Where the system cannot fork, or for one job, the tasks run here
    one after the other. `on_done` hears how many are done, again and again; what it raises ends them all. An error
    of a task is raised here.
    """
    on_done(0)
    if n_jobs == 1 or len(tasks) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        found = []
        for task in tasks:
            found.append(task())
            on_done(len(found))
        return found
    return _forked(tasks, n_jobs, on_done)


def _forked(tasks: Sequence[Callable[[], Answer]], n_jobs: int, on_done: Callable[[int], None]) -> list[Answer]:
    context = multiprocessing.get_context("fork")
    running: dict[Connection, tuple[int, multiprocessing.process.BaseProcess]] = {}
    answers: dict[int, Answer] = {}
    waiting = list(enumerate(tasks))
    try:
        while waiting or running:
            while waiting and len(running) < n_jobs:
                number, task = waiting.pop(0)
                receiver, sender = context.Pipe(duplex=False)
                process = context.Process(target=_answer, args=(task, sender), daemon=True)
                process.start()
                sender.close()
                running[receiver] = number, process
            for ready in wait(list(running), timeout=_HEARD_EVERY):
                assert isinstance(ready, Connection)  # noqa: S101  # wait gives back what it was given
                done, ended = running.pop(ready)
                answers[done] = cast("Answer", _received(ready))
                ended.join()
            on_done(len(answers))
    finally:
        for connection, (_, left) in running.items():
            # Not `terminate`: the process has inherited what its parent does on SIGTERM.
            left.kill()
            left.join()
            connection.close()
    return [answers[number] for number in range(len(tasks))]


def _answer(task: Callable[[], Answer], sender: Connection) -> None:
    try:
        sender.send((task(), None))
    except Exception as error:  # told to whoever waits for the answer
        sender.send((None, error))


def _received(receiver: Connection) -> object:
    with receiver:
        try:
            answer, error = receiver.recv()
        except EOFError as ended:
            raise MatchingError(
                "a process that was pairing ended without an answer; is there enough memory?"
            ) from ended
    if error is not None:
        raise error
    return answer
