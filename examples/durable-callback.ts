/*
 * A callback that survives its producer: three processes, one after the other, on one directory.
 *
 *   1 producer   sends an order with a callback, and is killed. Nobody has worked on it.
 *   2 worker     works on it and goes. The outcome has nobody to go to: it waits in the queue.
 *   3 producer   started again, registers the callback's name, and is told.
 *
 * What is passed to `.with(…)` comes back with the outcome, so process 3 needs no memory of 1.
 *
 * Run it:  npx node examples/durable-callback.ts [where]
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { homing, queue, toCallback } from '../src/index.ts'

const [, script = '', where = './data/durable-callback', role = 'all'] = process.argv

const thumbnail = queue('thumbnail', {
  input: z.object({ photo: z.string() }),
  output: z.object({ file: z.string() }),
})
const context = z.object({ photoId: z.int() })

switch (role) {
  case 'all':
    assert.equal(await runRole('send'), 'SIGKILL')
    assert.equal(await runRole('work'), 0)
    assert.equal(await runRole('learn'), 0)
    break

  case 'send': {
    const home = await homing(where)
    // The function is not needed to send, only its name and the type of its context.
    const onThumbnail = toCallback<typeof thumbnail, z.infer<typeof context>>(
      'thumbnail.made',
      thumbnail,
    )
    const receipt = await home.send(
      thumbnail,
      { photo: 'cat.jpg' },
      { callback: onThumbnail.with({ photoId: 42 }) },
    )
    console.log(`producer: ${receipt.id} is on disk; now I am killed`)
    process.kill(process.pid, 'SIGKILL')
    break
  }

  case 'work': {
    await using home = await homing(where)
    const { promise: worked, resolve: done } = Promise.withResolvers<void>()
    home.consume(thumbnail, ({ input }) => {
      console.log(`worker: makes a thumbnail of ${input.photo}, and goes`)
      done()
      return { file: `small-${input.photo}` }
    })
    await worked
    break
  }

  case 'learn': {
    await using home = await homing(where)
    const waiting = (await home.queues()).find(({ name }) => name === 'callback:thumbnail.made')
    console.log(`producer again: ${waiting?.ready} outcome not yet home`)
    const { promise: told, resolve: tell } = Promise.withResolvers<void>()
    home.callback(
      'thumbnail.made',
      thumbnail,
      (outcome, { context, input }) => {
        assert.ok(outcome.ok)
        console.log(`told: photo ${context.photoId} (${input?.photo}) is ${outcome.value.file}`)
        tell()
      },
      { context },
    )
    await told
    break
  }

  default:
    throw new Error(`no role ${role}`)
}

/** Runs this file in a process of its own. Returns its exit code, or the signal that ended it. */
async function runRole(role: string): Promise<number | string | null> {
  const child = spawn(process.execPath, [script, where, role], { stdio: 'inherit' })
  const [code, signal] = await once(child, 'exit')
  return signal ?? code
}
