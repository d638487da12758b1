/*
 * kill -9, again and again, of `homing serve` while AMQP clients work with it.
 *
 *   start ──▶ recovering ──▶ serving        half of the kills come before it listens
 *      ▲          ✗             ✗
 *      └──────────┴─────────────┘           after each: a copy of the directory is opened and drained
 *
 * The page cache survives a kill, so this finds no missing sync: the power cuts are for that.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { randomSource } from '../../../src/testing/random.ts'
import { ServeHistory } from './serve-history.ts'
import { ServeProcess } from './serve-process.ts'

export interface ServeKillResult {
  readonly killsRecovering: number
  readonly killsServing: number
  readonly published: number
  readonly confirmed: number
  readonly delivered: number
  /** Violations, and errors outside of any rule. */
  readonly broken: number
  readonly text: string
}

export async function serveKillLoop(kills: number, seed: number): Promise<ServeKillResult> {
  const directory = mkdtempSync(join(tmpdir(), 'homing-serve-kill-'))
  const data = join(directory, 'data')
  const random = randomSource(seed)
  const served = new ServeHistory(random)
  const counts = { recovering: 0, serving: 0 }
  let startMs = 1_000
  try {
    while (counts.recovering + counts.serving < kills) {
      const startedAtMs = performance.now()
      const child = new ServeProcess(data)
      try {
        if (counts.recovering < counts.serving) {
          await after(random.unit() * startMs)
          counts.recovering++
          continue
        }
        const port = await child.port
        if (port === undefined) throw new Error(`it does not start: ${child.said}`)
        startMs = performance.now() - startedAtMs
        await served.begin(port)
        for (let step = random.between(10, 100); step > 0; step--) {
          served.act()
          await after(random.between(1, 10))
        }
        counts.serving++
      } finally {
        await child.kill()
        served.end('kill')
      }
      await served.look(data, 'recovered')
    }
    await finish(served, data)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  const { violations, text } = served.judge()
  const { events } = served.history
  const count = (kind: string): number => events.filter((event) => event.kind === kind).length
  return {
    killsRecovering: counts.recovering,
    killsServing: counts.serving,
    published: count('published'),
    confirmed: count('confirmed'),
    delivered: count('delivered'),
    broken: violations.length + served.wrong.length,
    text,
  }
}

/** The last life: nobody kills it before all is done. */
async function finish(served: ServeHistory, data: string): Promise<void> {
  const child = new ServeProcess(data)
  try {
    const port = await child.port
    if (port === undefined) throw new Error(`it does not start: ${child.said}`)
    await served.begin(port)
    await served.finish()
  } finally {
    await child.kill()
    served.end('kill')
  }
  await served.look(data, 'end')
}
