import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const door = new URL('../index.ts', import.meta.url).href

/** A script as its author writes it: nothing in it keeps the process alive. */
const script = `
import { homing, queue } from ${JSON.stringify(door)}
const work = queue('work')
const home = await homing(process.argv[1])
const consumer = home.consume(work, async ({ reject }) => { throw reject('no') })
await Promise.all([1, 2, 3].map((n) => home.send(work, n).then((receipt) => receipt.outcome())))
await consumer.close()
const dead = await home.deadLetters.list()
const replayed = await home.deadLetters.replay({ all: true })
const waiting = await home.outcomes()
const purged = await home.purge(work)
await home.close()
console.log(dead.length, replayed.length, waiting.length, purged)
`

test('a script that only asks and replays runs to its end', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'homing-'))
  try {
    const arguments_ = ['--input-type=module', '--eval', script, directory]
    const { stdout } = await promisify(execFile)(process.execPath, arguments_)
    assert.equal(stdout.trim(), '3 3 3 3')
  } finally {
    await rm(directory, { recursive: true })
  }
})
