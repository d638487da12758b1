/*
 * kill -9, again and again, of a real process over a real directory.
 *
 *   start ──▶ opening ──▶ working        half of the kills come while it opens, half while it works
 *      ▲         ✗           ✗
 *      └─────────┴───────────┘           at the end: everything asked, everything finished, the checker
 *
 * The page cache survives a kill, so this finds no missing sync: the power cuts are for that.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import { systemClock } from '../../src/clock.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import { type RandomSource, randomSource } from '../../src/testing/random.ts'
import { check, report, type Violation } from '../simulation/checker.ts'
import { type HistoryEvent, Recorder } from '../simulation/history.ts'
import { Numbers, ObservedEngine } from '../simulation/observed-engine.ts'
import { SimulatedConsumers } from '../simulation/simulated-consumers.ts'
import { atRest, killOptions, killPlan } from './kill-plan.ts'

export interface KillResult {
  readonly killsOpening: number
  readonly killsWorking: number
  readonly events: readonly HistoryEvent[]
  readonly violations: readonly Violation[]
  readonly text: string
}

const worker = new URL('./kill-worker.ts', import.meta.url).pathname
const finishMsMax = 40_000
/** A busy machine may stop for a while; how late things are is judged in the simulation. */
const bounds = { slackMs: 60_000, driftMs: 1_000 }

export async function killLoop(kills: number, seed: number): Promise<KillResult> {
  const directory = mkdtempSync(join(tmpdir(), 'homing-kill-'))
  const history = new History()
  const random = randomSource(seed)
  const counts = { opening: 0, working: 0 }
  try {
    let openingMs = 20
    for (let n = 0; counts.opening + counts.working < kills && n < kills * 4; n++) {
      const want = counts.opening < counts.working ? 'opening' : 'working'
      const life = await oneLife(directory, n, history, killAfter(random, want, openingMs))
      counts[life.stage]++
      if (life.openingMs !== undefined) openingMs = life.openingMs
    }
    await finish(directory, history)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  const violations = check(history.events, bounds)
  const text = report(violations, history.events)
  const { events } = history
  return { killsOpening: counts.opening, killsWorking: counts.working, events, violations, text }
}

type Stage = 'opening' | 'working'
type KillAfter = { readonly stage: Stage; readonly ms: number }

const killAfter = (random: RandomSource, stage: Stage, openingMs: number): KillAfter => ({
  stage,
  ms: stage === 'opening' ? random.unit() * openingMs : random.between(10, 200),
})

/** All lives, one after the other, as one history. */
class History {
  readonly events: HistoryEvent[] = []
  readonly ids = new Set<string>()
  #life = -1

  take(event: HistoryEvent): void {
    if (event.kind === 'opened') this.#life++
    if (event.kind === 'publishing' || event.kind === 'delivered') this.#know(event.message.id)
    if (event.kind === 'replayed') for (const id of event.newIds) this.ids.add(id)
    this.events.push({ ...event, n: this.events.length, life: this.#life })
  }

  #know(id: string): void {
    if (!id.includes('>') && !id.startsWith('gathered:')) this.ids.add(id)
  }

  cut(): void {
    const last = this.events.at(-1)
    if (last === undefined || last.kind === 'cut') return
    this.take({ ...last, kind: 'cut', how: 'kill' } as HistoryEvent)
  }
}

interface OneLife {
  readonly stage: Stage
  readonly openingMs: number | undefined
}

async function oneLife(
  directory: string,
  seed: number,
  history: History,
  kill: KillAfter,
): Promise<OneLife> {
  const [idsFile, historyFile] = [`${directory}-ids`, `${directory}-history`]
  writeFileSync(idsFile, [...history.ids].join('\n'))
  const child = spawn(process.execPath, [worker, directory, String(seed), idsFile, historyFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    const life = await killed(child, kill)
    const lines = readFileSync(historyFile, 'latin1').split('\n')
    // The last line is empty, or was cut off with the process.
    for (const line of lines.slice(0, -1)) {
      history.take(deserialize(Buffer.from(line, 'base64')) as HistoryEvent)
    }
    return life
  } finally {
    for (const file of [idsFile, historyFile]) rmSync(file, { force: true })
    history.cut()
  }
}

/** Kills the process when its time has come; resolves when it is dead. */
function killed(child: ChildProcess, kill: KillAfter): Promise<OneLife> {
  let said = ''
  let errors = ''
  let openedAtMs = 0
  let openingMs: number | undefined
  child.stderr?.on('data', (bytes: Buffer) => {
    errors += bytes.toString('utf8')
  })
  child.stdout?.on('data', (bytes: Buffer) => {
    said += bytes.toString('utf8')
    if (openedAtMs === 0) openedAtMs = performance.now()
    if (said.includes('working')) openingMs = performance.now() - openedAtMs
    if (said.includes(kill.stage)) setTimeout(() => child.kill('SIGKILL'), kill.ms)
  })
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') {
        resolve({ stage: said.includes('working') ? 'working' : 'opening', openingMs })
      } else reject(new Error(`the process ended by itself with code ${code}: ${errors}`))
    })
  })
}

/** The last life, in this process: everything is asked, then everything must come to its end. */
async function finish(directory: string, history: History): Promise<void> {
  // The engine itself keeps no process alive.
  const alive = setInterval(() => {}, 1_000)
  const engine = await openEmbedded(directory, killOptions)
  try {
    const recorder = new Recorder(
      () => performance.timeOrigin + performance.now(),
      (event) => history.take(event),
    )
    recorder.nowMs = () => engine.nowMs()
    const numbers = new Numbers()
    for (const name of ['publish', 'consumer', 'call', 'waiter'] as const) numbers[name] = 1e12
    for (const id of history.ids) numbers.ids.add(id)
    const observed = new ObservedEngine(engine, recorder, numbers)
    recorder.record({ kind: 'opened' })
    const probe = await atRest(observed)
    if (probe !== undefined) recorder.record({ kind: 'probed', when: 'recovered', probe })
    await new SimulatedConsumers(randomSource(1), killPlan, systemClock, 1e6).takeOver(observed)
    for (let ms = 0; ms < finishMsMax; ms += 100) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const last = await observed.probe()
      const open = [...(last?.answers ?? [])].some(([, { state }]) => state === 'pending')
      if (last === undefined || open || last.queues.some((queue) => queue.ready > 0)) continue
      recorder.record({ kind: 'probed', when: 'end', probe: last })
      return
    }
    throw new Error(`after ${finishMsMax} ms of work something is still pending`)
  } finally {
    await engine.close()
    clearInterval(alive)
  }
}
