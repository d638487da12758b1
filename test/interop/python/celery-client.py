"""The checks with Celery: a worker in a process of its own, and a client that asks for results."""

import importlib
import subprocess
import sys
from pathlib import Path

from celery import group

from program import ask, expect, passed

tasks = importlib.import_module('celery-app')
app = tasks.app
PATIENCE = {'timeout': 40}


def start_worker():
    command = [sys.executable, '-m', 'celery', '-A', 'celery-app', 'worker', '--pool', 'solo']
    options = ['--loglevel', 'ERROR', '--hostname', 'interop@localhost', '--concurrency', '1']
    return subprocess.Popen(
        [*command, *options], cwd=Path(__file__).parent, stdin=subprocess.DEVNULL, stdout=sys.stderr
    )


def main():
    worker = start_worker()
    try:
        run_checks()
        app.control.shutdown()
        expect(worker.wait(timeout=30), 0, "the worker's exit code after a remote shutdown")
    finally:
        if worker.poll() is None:
            worker.kill()


def run_checks():
    passed('task', result=tasks.double.delay(21).get(**PATIENCE))
    failed = tasks.fail.delay()
    error = failed.get(propagate=False, **PATIENCE)
    expect(str(error), 'no such thing', 'the message of the error')
    passed('task-error', error=type(error).__name__)
    passed('task-retry', attempts=tasks.stubborn.delay().get(**PATIENCE))
    together = group(tasks.square.s(number) for number in (1, 2, 3))()
    passed('task-group', results=together.get(**PATIENCE))
    later = tasks.say.apply_async(('later',), countdown=1)
    passed('task-later', result=later.get(**PATIENCE))
    pongs = app.control.ping(timeout=30, limit=1)
    passed('worker-control', pong=pongs == [{'interop@localhost': {'ok': 'pong'}}])
    ask('cut')
    expect(tasks.double.delay(4).get(**PATIENCE), 8, 'a result after the cut')
    passed('connection-cut-of-both', results=1)
    kept = [tasks.double.delay(number) for number in range(3)]
    expect([result.get(**PATIENCE) for result in kept], [0, 2, 4], 'results')
    ask('restart')
    expect(tasks.double.delay(5).get(**PATIENCE), 10, 'a result after the restart')
    passed('broker-restart-of-both', results=1)


main()
