/*
 * A power cut, really, under `homing serve` and its clients: test/faults/power-cut.ts with the broker.
 *
 *   serve on ext4 in a file ─▶ clients work ─▶ file system shut down ─▶ kill, mount ─▶ drained, judged
 *
 * What clients hear after the cut has begun does not count: a machine without power says nothing.
 */

import { setTimeout as after } from 'node:timers/promises'
import { randomSource } from '../../../src/testing/random.ts'
import { eatMyData } from '../../faults/machine.ts'
import { PowerCutDisk } from '../../faults/power-cut.ts'
import { ServeHistory } from './serve-history.ts'
import { ServeProcess } from './serve-process.ts'

export interface ServeCutResult {
  readonly rounds: number
  readonly confirmed: number
  readonly delivered: number
  readonly broken: number
  readonly text: string
}

export interface ServeCutOptions {
  readonly rounds: number
  readonly seed: number
  /** Every sync is a lie. */
  readonly eatMyData?: boolean
}

export async function servePowerCuts(options: ServeCutOptions): Promise<ServeCutResult> {
  using disk = new PowerCutDisk()
  const random = randomSource(options.seed)
  const served = new ServeHistory(random)
  for (let round = 0; round < options.rounds; round++) {
    const env = options.eatMyData ? { LD_PRELOAD: eatMyData as string } : {}
    const child = new ServeProcess(disk.data, env)
    try {
      const port = await child.port
      if (port === undefined) throw new Error(`it does not start: ${child.said}`)
      await served.begin(port)
      for (let step = random.between(40, 120); step > 0; step--) {
        served.act()
        await after(random.between(1, 10))
      }
    } finally {
      served.end('power')
      disk.cut()
      await child.kill()
      disk.comeBack()
    }
    await served.look(disk.data, 'recovered')
  }
  const { violations, text } = served.judge()
  const { events } = served.history
  return {
    rounds: options.rounds,
    confirmed: events.filter(({ kind }) => kind === 'confirmed').length,
    delivered: events.filter(({ kind }) => kind === 'delivered').length,
    broken: violations.length + served.wrong.length,
    text,
  }
}
