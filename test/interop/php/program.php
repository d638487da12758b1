<?php

// What every client program of this folder does besides using its client.

const BODY_SIZES = [0, 1, 131064, 131065, 1000000];

/** Of bodies that must arrive whole: none, one byte, just one frame, just two, many. */
function body_of(int $size): string
{
    $body = '';
    for ($index = 0; $index < $size; $index++) {
        $body .= chr(($index * 7 + $size) % 256);
    }
    return $body;
}

function passed(string $check, array $details): void
{
    echo json_encode(['check' => $check] + $details), "\n";
}

/** Returns when the test has done it. */
function ask(string $what): void
{
    echo json_encode(['ask' => $what]), "\n";
    expect(fgets(STDIN), "done\n", 'the answer');
}

function expect(mixed $actual, mixed $wanted, string $what): void
{
    if ($actual != $wanted) {
        throw new Exception("$what: " . var_export($actual, true) . ' instead of ' . var_export($wanted, true));
    }
}
