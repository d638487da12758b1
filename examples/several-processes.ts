/*
 * A web application and its workers: four processes on one directory, and nothing else running.
 *
 *   web application ── call ──▶ ┌──────────────┐ ──▶ worker 1   the first to open the directory: its owner
 *                               │ ./data/…     │ ──▶ worker 2
 *                  ◀── value ── └──────────────┘ ──▶ worker 3
 *
 * What to look at:
 *  - All of them say `homing(where)`. Whoever is first owns the directory, the others join it.
 *  - In the middle of the work the owner is killed. Another worker becomes the owner; what the dead one had
 *    in hand is worked on again, and the web application notices nothing: every call comes home.
 *
 * Run it:  npx node examples/several-processes.ts [where]     where: default ./data/several-processes
 * In a project of your own, write 'homing' in place of '../src/index.ts'.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { homing, queue } from '../src/index.ts'

const [, script = '', where = './data/several-processes', role = 'web', name = ''] = process.argv

const thumbnail = queue('thumbnail', {
  input: z.object({ photo: z.string() }),
  output: z.object({ file: z.string(), madeBy: z.string() }),
  within: '1m',
})

if (role === 'worker') await work()
else await serve()

/** A worker: works until it is told to stop, or killed. */
async function work(): Promise<void> {
  const home = await homing(where)
  home.consume(
    thumbnail,
    async ({ input }) => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return { file: `small-${input.photo}`, madeBy: name }
    },
    { concurrency: 4 },
  )
  process.send?.('ready')
  process.once('message', async () => {
    await home.close()
    process.disconnect?.()
  })
}

/** The web application: asks for sixty thumbnails, in the middle of which a worker dies. */
async function serve(): Promise<void> {
  const workers = new Map<string, ChildProcess>()
  for (const worker of ['worker 1', 'worker 2', 'worker 3']) {
    const child = fork(script, [where, 'worker', worker])
    await once(child, 'message')
    workers.set(worker, child)
  }
  await using home = await homing(where)
  let answered = 0
  const made = new Map<string, number>()
  const request = async (n: number): Promise<void> => {
    const { madeBy } = await home.call(thumbnail, { photo: `${n}.jpg` })
    made.set(madeBy, (made.get(madeBy) ?? 0) + 1)
    if (++answered === 20) {
      console.log('20 thumbnails are made; now the owner of the directory is killed')
      workers.get('worker 1')?.kill('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: 60 }, (_, n) => request(n)))
  assert.equal(answered, 60)
  for (const [worker, count] of [...made].sort()) console.log(`${worker} made ${count}`)
  console.log('all 60 came home')
  for (const child of workers.values()) if (child.connected) child.send('stop')
}
