"""What every client program of this folder does besides using its client."""

import json
import os
import sys

AMQP_URL = os.environ.get('AMQP_URL', 'amqp://guest:guest@127.0.0.1:5672')

# Of bodies that must arrive whole: none, one byte, just one frame, just two, many.
BODY_SIZES = [0, 1, 131_064, 131_065, 1_000_000]


def body_of(size):
    return bytes((index * 7 + size) % 256 for index in range(size))


def passed(check, **details):
    print(json.dumps({'check': check, **details}), flush=True)


def ask(what):
    """Returns when the test has done it."""
    print(json.dumps({'ask': what}), flush=True)
    assert sys.stdin.readline() == 'done\n'


def expect(actual, wanted, what):
    assert actual == wanted, f'{what}: {actual!r} instead of {wanted!r}'
