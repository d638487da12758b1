/*
 * Several processes on one data directory, no server, and kill -9.
 *
 *   five processes ─▶ all send, work and are called back ─▶ one dies, mostly the owner ─▶ starts again …
 *   at the end: nobody sends any more ─▶ all are told ─▶ all close ─▶ the directory is asked ─▶ judged
 *
 * One in eight ends by closing, so that owners also hand over in peace.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { directoryOwner } from '../../src/embedded/directory-lock.ts'
import { verify } from '../../src/embedded/verify.ts'
import { homing } from '../../src/index.ts'
import { type RandomSource, randomSource } from '../../src/testing/random.ts'
import { type FinalAnswer, type Judged, judge, type OwnerDeath } from './kill-judge.ts'
import { type Note, type Order, work } from './kill-plan.ts'

export interface KillPlan {
  readonly processes: number
  readonly kills: number
  readonly seed: number
  /** Longest time between two kills. */
  readonly betweenMsMax: number
}

export interface KillResult extends Judged {
  readonly ownersKilled: number
  readonly joinersKilled: number
  readonly closed: number
  readonly notes: readonly Note[]
  /** Milliseconds from the death of an owner to the first confirm or outcome after it. */
  readonly gapsMs: readonly number[]
}

const program = new URL('./kill-worker.ts', import.meta.url).pathname
const openMsMax = 60_000
const quietMsMax = 60_000

export async function killLoop(plan: KillPlan): Promise<KillResult> {
  const folder = mkdtempSync(join(tmpdir(), 'homing-joined-'))
  const loop = new KillLoop(folder, plan)
  try {
    return await loop.run()
  } finally {
    loop.killAll()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Slot {
  readonly life: number
  readonly child: ChildProcess
  /** Resolves when it is open, or gone. */
  readonly open: Promise<void>
}

class KillLoop {
  readonly #plan: KillPlan
  readonly #random: RandomSource
  readonly #data: string
  readonly #histories: string
  readonly #slots: Slot[] = []
  readonly #counts = { owners: 0, joiners: 0, closed: 0 }
  readonly #ownerDeaths: OwnerDeath[] = []
  readonly #problems: string[] = []

  constructor(folder: string, plan: KillPlan) {
    this.#plan = plan
    this.#random = randomSource(plan.seed)
    this.#data = join(folder, 'data')
    this.#histories = folder
  }

  async run(): Promise<KillResult> {
    for (let slot = 0; slot < this.#plan.processes; slot++) this.#start(slot, 0)
    while (this.#ends < this.#plan.kills) {
      // Mostly all of them are at work; otherwise somebody is just opening, or taking over.
      if (this.#random.below(4) > 0) await this.#allOpen()
      await pause(this.#random.between(10, this.#plan.betweenMsMax))
      await this.#endOne()
    }
    await this.#comeHome()
    return this.#judged()
  }

  async #allOpen(): Promise<void> {
    const late = pause(openMsMax).then(() => 'late')
    const open = Promise.all(this.#slots.map((slot) => slot.open))
    if ((await Promise.race([open, late])) === 'late') {
      this.#problems.push(`a process was not open after ${openMsMax} ms`)
    }
  }

  get #ends(): number {
    const { owners, joiners, closed } = this.#counts
    return owners + joiners + closed
  }

  #start(slot: number, life: number): void {
    const history = join(this.#histories, `${slot}-${life}.log`)
    const child = fork(program, [this.#data, String(slot), String(life), history], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    child.stderr?.on('data', (text) => this.#problems.push(`${slot}.${life}: ${text}`))
    const open = new Promise<void>((resolve) => {
      child.on('message', (said: { confirmed?: string; open?: true }) => {
        if (said.open) resolve()
        if (said.confirmed !== undefined) this.#tellAnother(said.confirmed)
      })
      child.on('exit', () => resolve())
    })
    // One that is killed is told no more.
    child.on('error', () => undefined)
    this.#slots[slot] = { life, child, open }
  }

  /** Somebody else waits for it, too: any process can ask for any receipt. */
  #tellAnother(id: string): void {
    if (this.#random.below(4) > 0) return
    const slot = this.#slots[this.#random.below(this.#slots.length)]
    if (slot?.child.connected) tell(slot.child, { order: 'watch', id })
  }

  async #endOne(): Promise<void> {
    const owner = directoryOwner(this.#data).pid
    const owning = this.#slots.findIndex(({ child }) => String(child.pid) === owner)
    const wanted = this.#random.below(5) < 3 ? owning : this.#random.below(this.#slots.length)
    const slot = wanted === -1 ? this.#random.below(this.#slots.length) : wanted
    const { child, life } = this.#slots[slot] as Slot
    const ended = once(child, 'exit')
    if (this.#random.below(8) === 0 && child.connected) {
      this.#counts.closed++
      tell(child, { order: 'close' })
      await Promise.race([ended, pause(20_000)])
      if (child.exitCode === null) this.#problems.push(`${slot}.${life} did not close within 20 s`)
    } else {
      const fromMs = nowMs()
      child.kill('SIGKILL')
      // It may have become the owner since that was asked.
      const owned = slot === owning || directoryOwner(this.#data).pid === String(child.pid)
      this.#counts[owned ? 'owners' : 'joiners']++
      await ended
      if (owned) this.#ownerDeaths.push({ fromMs, untilMs: nowMs() })
    }
    this.#start(slot, life + 1)
  }

  /** Everybody stops sending, is told what it waits for, and closes. */
  async #comeHome(): Promise<void> {
    const heard = this.#slots.map(({ child, life }, slot) => this.#quiet(slot, life, child))
    await Promise.all(heard)
    for (let ms = 0; ms < quietMsMax && this.#uncalled() > 0; ms += 100) await pause(100)
    for (const [slot, { child, life }] of this.#slots.entries()) {
      const ended = once(child, 'exit')
      tell(child, { order: 'close' })
      await Promise.race([ended, pause(20_000)])
      const { exitCode } = child
      if (exitCode !== 0) this.#problems.push(`${slot}.${life} did not close: ${exitCode}`)
    }
  }

  async #quiet(slot: number, life: number, child: ChildProcess): Promise<void> {
    const said = new Promise<void>((resolve) => {
      child.on('message', (message: { open?: true; quiet?: true }) => {
        if (message.open) tell(child, { order: 'stop' })
        if (message.quiet) resolve()
      })
    })
    tell(child, { order: 'stop' })
    const late = pause(quietMsMax).then(() => 'late')
    if ((await Promise.race([said, late])) === 'late') {
      this.#problems.push(`${slot}.${life} still waited after ${quietMsMax} ms`)
    }
  }

  #uncalled(): number {
    return judge(this.#notes(), new Map(), []).violations.filter((text) =>
      /never called/.test(text),
    ).length
  }

  #notes(): readonly Note[] {
    const files = readdirSync(this.#histories).filter((name) => name.endsWith('.log'))
    const notes = files.flatMap((name) =>
      readFileSync(join(this.#histories, name), 'utf8').split('\n').flatMap(noteOf),
    )
    return notes.sort((a, b) => a.at - b.at)
  }

  async #judged(): Promise<KillResult> {
    const notes = this.#notes()
    const judged = judge(notes, await this.#answers(notes), this.#ownerDeaths)
    const { findings } = await verify(this.#data)
    const damage = findings
      .filter(({ severity }) => severity === 'damage')
      .map(({ file, text }) => `damage in ${file}: ${text}`)
    const { owners, joiners, closed } = this.#counts
    return {
      ...judged,
      violations: [...judged.violations, ...damage, ...this.#problems],
      ...{ ownersKilled: owners, joinersKilled: joiners, closed, notes },
      gapsMs: gapsAfter(this.#ownerDeaths, notes),
    }
  }

  async #answers(notes: readonly Note[]): Promise<ReadonlyMap<string, FinalAnswer>> {
    const ids = new Set(notes.flatMap((note) => ('id' in note ? [note.id] : [])))
    const answers = new Map<string, FinalAnswer>()
    await using home = await homing(this.#data, { join: false })
    for (const id of ids) {
      const answer = await home.receipt(work, id).answer()
      const outcome = answer.state === 'final' ? JSON.stringify(answer.outcome) : undefined
      answers.set(id, { state: answer.state, ...(outcome !== undefined && { outcome }) })
    }
    return answers
  }

  killAll(): void {
    for (const { child } of this.#slots) child.kill('SIGKILL')
  }
}

/** The last line of a killed process may be cut off. */
function noteOf(line: string): Note[] {
  try {
    return [JSON.parse(line) as Note]
  } catch {
    return []
  }
}

function gapsAfter(deaths: readonly OwnerDeath[], notes: readonly Note[]): readonly number[] {
  const works = notes.filter(({ what }) => what === 'confirmed' || what === 'told')
  return deaths.flatMap(({ untilMs }) => {
    const next = works.find(({ at }) => at > untilMs)
    return next === undefined ? [] : [next.at - untilMs]
  })
}

function tell(child: ChildProcess, order: Order): void {
  if (child.connected) child.send(order, () => undefined)
}

const nowMs = (): number => performance.timeOrigin + performance.now()

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
