/*
 * The machine of one run: clock, disk, ledger database, and the engine that runs on them until the
 * power goes, the process is killed, or it is closed. Everything is drawn from one seed.
 *
 *   open ──▶ work ──▶ power cut │ kill │ close ──▶ (time passes) ──▶ open …
 *              └──▶ now and then another disk that the same cut may leave is opened aside and probed
 */

import type { Engine } from '../../src/engine.ts'
import type { DiskFault, DiskOperation } from '../../src/testing/disk-fault.ts'
import { DiskState } from '../../src/testing/disk-state.ts'
import type { RandomSource } from '../../src/testing/random.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { SimulatedDisk, type SimulatedDiskOptions } from '../../src/testing/simulated-disk.ts'
import { type HistoryEvent, type Probe, Recorder } from './history.ts'
import { Numbers, ObservedEngine } from './observed-engine.ts'
import type { RunPlan } from './run-plan.ts'
import type { Devices, LedgerDatabase, System } from './system.ts'

/** A call on a healthy engine is answered within this simulated time, or something hangs. */
const patienceMs = 60_000
const openingsMax = 40
const headerBytes = 64
/** Room for everything; a real disk is never without end. */
export const roomyBytes = 1e9

const textOf = ({ answers, queues, deadIds }: Probe): string =>
  JSON.stringify([[...answers], queues, [...deadIds]])

export class World {
  readonly random: RandomSource
  readonly plan: RunPlan
  readonly clock: SimulatedClock
  readonly recorder: Recorder
  readonly numbers = new Numbers()
  /** What went wrong outside of any rule: an unexpected error, a start that fails, a hang. */
  readonly wrong: unknown[] = []
  readonly #system: System
  #ledger: LedgerDatabase
  #disk: SimulatedDisk
  #observed: ObservedEngine | undefined
  /** Operation of the present disk at which a fault strikes. */
  #strike: { number: number; fault: DiskFault } | undefined
  #failedFiles = new Set<string>()
  #failed = false
  /** A fault has struck in this life: a start may fail of it. */
  #struck = false
  #calm = false
  #trueMs = 0
  #operationsBefore = 0
  readonly #problems: string[] = []
  #trueSinceMs = 0

  constructor(
    system: System,
    random: RandomSource,
    plan: RunPlan,
    told?: (event: HistoryEvent) => void,
  ) {
    this.#system = system
    this.random = random
    this.plan = plan
    const late = random.fork()
    this.clock = new SimulatedClock({ lateMs: () => (late.chance(0.2) ? late.unit() * 3 : 0) })
    this.#trueSinceMs = this.clock.monotonicMs()
    this.recorder = new Recorder(() => this.trueMs(), told)
    this.#ledger = system.newLedger(this.clock, random.fork())
    this.#disk = this.#newDisk({})
  }

  /** True time since the run began: what no clock inside can see. */
  trueMs(): number {
    return this.#trueMs + (this.clock.monotonicMs() - this.#trueSinceMs)
  }

  get observed(): ObservedEngine {
    return this.#observed as ObservedEngine
  }

  /** The power is gone: nothing is answered until the next opening. */
  get off(): boolean {
    return this.#disk.off
  }

  /** A journal write or sync failed: the engine takes nothing more. */
  get failed(): boolean {
    return this.#failed
  }

  get disk(): SimulatedDisk {
    return this.#disk
  }

  /** Opens the engine, through as many cuts as the dice want. False when it cannot be opened. */
  async open(): Promise<boolean> {
    for (let opening = 0; opening < openingsMax; opening++) {
      this.#drawStrike(opening)
      const engine = await this.#tryOpen()
      if (engine === undefined || this.off) {
        if (!this.off) return false
        this.#comeBack('power')
        continue
      }
      this.#observed = new ObservedEngine(engine, this.recorder, this.numbers)
      this.recorder.nowMs = () => engine.nowMs()
      this.recorder.record({ kind: 'opened' })
      this.tellProblems()
      if (this.#failed)
        this.recorder.record({ kind: 'disk-failed', operation: 'opening', file: '' })
      return true
    }
    this.wrong.push(new Error(`not open after ${openingsMax} tries`))
    return false
  }

  /** Writes down what the engine has complained of since the last time. */
  tellProblems(): void {
    for (const text of this.#problems.splice(0)) {
      this.recorder.record({ kind: 'damage-reported', text })
    }
  }

  /** While nothing runs, one byte of a file is changed. */
  alterByte(file: string, at: number): void {
    this.editFile(file, (bytes) => {
      bytes[at] = (bytes[at] ?? 0) ^ 0x5a
      return bytes
    })
    this.recorder.record({ kind: 'altered', file, at })
  }

  /** While nothing runs, a file is changed; the disk is as if all of it had been synced. */
  editFile(file: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const files = this.#disk.state.files()
    const bytes = files.get(file)
    if (bytes === undefined) throw new Error(`there is no ${file}`)
    files.set(file, change(bytes))
    this.#operationsBefore += this.#disk.operations
    this.#disk = this.#newDisk({ state: DiskState.of(files) })
  }

  /** Lets time pass until the promise settles; undefined when the power goes first. */
  async until<T>(promise: Promise<T>): Promise<{ value: T } | undefined> {
    let settled: { value: T } | { error: unknown } | undefined
    promise.then(
      (value) => {
        settled = { value }
      },
      (error) => {
        settled = { error }
      },
    )
    await this.clock.settle()
    for (let ms = 0; settled === undefined && !this.off; ms++) {
      if (ms > patienceMs) throw new Error('a call on the engine was not answered in a minute')
      await this.clock.advance(1)
    }
    if (settled === undefined) return undefined
    if ('error' in settled) throw settled.error
    return settled
  }

  /**
   * Asks about everything until two askings in a row agree: an outcome that is being written is
   * neither in a queue nor known yet, and that is as it should be.
   */
  async probe(when: 'recovered' | 'again' | 'quiet' | 'end'): Promise<boolean> {
    let before: string | undefined
    for (let n = 0; n < 10; n++) {
      const probed = await this.until(this.observed.probe())
      if (probed === undefined || this.off) return false
      const atRest = this.observed.underWay === 0
      const text = probed.value && atRest ? textOf(probed.value) : undefined
      if (probed.value !== undefined && text !== undefined && text === before) {
        this.recorder.record({ kind: 'probed', when, probe: probed.value })
        return true
      }
      before = text
      await this.clock.advance(8 * this.plan.latencyMs + 8)
    }
    return false
  }

  /** The power goes. With some luck another possible disk is looked at aside. */
  async cutPower(imageChance: number): Promise<void> {
    this.#disk.cutPower()
    await this.clock.settle()
    if (this.random.chance(imageChance)) await this.#probeImage()
    this.#comeBack('power')
  }

  async kill(): Promise<void> {
    this.recorder.record({ kind: 'cut', how: 'kill' })
    this.#disk.onPowerCut = () => {}
    this.#disk.cutPower()
    await this.clock.settle()
    this.#comeBack('kill')
  }

  /** False when the power went first, or the disk failed while it closed. */
  async close(): Promise<boolean> {
    try {
      if ((await this.until(this.observed.engine.close())) === undefined) return false
    } catch (error) {
      if (!this.#struck) throw error
      return false
    }
    await this.clock.advance(5)
    this.recorder.record({ kind: 'closed' })
    this.#leave()
    this.#restartClock()
    return true
  }

  /** From now on nothing goes wrong. */
  calm(): void {
    this.#calm = true
    this.#strike = undefined
    if (this.#disk.capacityBytes === roomyBytes) return
    this.#disk.capacityBytes = roomyBytes
    this.recorder.record({ kind: 'disk-room' })
  }

  #newDisk(options: SimulatedDiskOptions): SimulatedDisk {
    const latency = this.random.fork()
    const most = this.plan.latencyMs
    const disk = new SimulatedDisk({
      clock: this.clock,
      random: this.random.fork(),
      capacityBytes: roomyBytes,
      latencyMs: ({ kind }) => latency.unit() * (kind === 'sync' ? most * 2 : most),
      ...options,
    })
    disk.faults = (operation) => this.#fault(operation)
    disk.onPowerCut = () => this.recorder.record({ kind: 'cut', how: 'power' })
    return disk
  }

  #fault(operation: DiskOperation): DiskFault | undefined {
    const { number, kind, name } = operation
    if (kind === 'sync' && this.#failedFiles.has(name)) {
      this.recorder.record({ kind: 'sync-retried', file: name })
    }
    const strike = this.#strike
    if (strike === undefined || number < strike.number) return undefined
    if (strike.fault.kind === 'fail') {
      if (!this.plan.failAnything && kind !== 'write' && kind !== 'sync') return undefined
      // What finds no room may be written again as a whole; after any other error nothing may.
      if (strike.fault.code === 'EIO' && this.#holdsRecords(operation)) {
        this.#failed = true
        this.recorder.record({ kind: 'disk-failed', operation: kind, file: name })
        if (kind === 'sync') this.#failedFiles.add(name)
      }
    }
    this.#strike = undefined
    this.#struck = true
    return strike.fault
  }

  /** A write or sync of journal records, as opposed to the header of a segment made ahead of need. */
  #holdsRecords({ kind, name, bytes }: DiskOperation): boolean {
    if (!name.startsWith('journal-')) return false
    const size = this.#disk.state.find(name)?.seenLength ?? 0
    return (kind === 'write' && bytes !== headerBytes) || (kind === 'sync' && size > headerBytes)
  }

  /** Disk operations since the first power-on. */
  get operations(): number {
    return this.#operationsBefore + this.#disk.operations
  }

  /** The disk operation that many from now meets the fault. */
  strikeIn(operations: number, fault: DiskFault): void {
    this.#strike = { number: this.#disk.operations + operations, fault }
  }

  #drawStrike(opening: number): void {
    const { random, plan } = this
    const first = this.#disk.operations
    const power: DiskFault = random.chance(0.5)
      ? { kind: 'cut' }
      : { kind: 'lose', when: random.pick(['before', 'after']) }
    // A strike that was set by hand stays.
    if (this.#calm || plan.strike === 0) return
    this.#strike = undefined
    if (opening < 6 && random.chance(plan.cutWhileOpening)) {
      this.#strike = { number: first + random.between(1, 40), fault: power }
    } else if (random.chance(plan.diskFailure)) {
      const fault: DiskFault = { kind: 'fail', code: 'EIO' }
      this.#strike = { number: first + random.between(20, 400), fault }
    } else if (random.chance(plan.strike)) {
      this.#strike = { number: first + random.between(20, 500), fault: power }
    }
  }

  async #tryOpen(): Promise<Engine | undefined> {
    this.#failed = false
    this.#struck = false
    this.#failedFiles.clear()
    try {
      const devices = {
        disk: this.#disk,
        clock: this.clock,
        ledger: this.#ledger.open(),
        onProblem: (text: string) => this.#problems.push(text),
      }
      const opening = this.#system.open(devices, this.plan, () => this.random.bits16())
      return (await this.until(opening))?.value
    } catch (error) {
      return this.#openFailed(error)
    }
  }

  /** With a fault under way a start may fail, if it says so; with more room it must work. */
  #openFailed(error: unknown): undefined {
    const code = error instanceof Error ? String(Reflect.get(error, 'code')) : ''
    this.recorder.record({ kind: 'open-failed', code })
    const tight = this.#disk.capacityBytes < roomyBytes
    if ((code === 'disk-full' || code === 'ENOSPC') && tight) this.#disk.capacityBytes = roomyBytes
    else if (!this.#struck) this.wrong.push(error)
    this.#disk.onPowerCut = () => {}
    this.#disk.cutPower()
    return undefined
  }

  /** The disk, the ledger and the time as the next start finds them. */
  #comeBack(how: 'power' | 'kill'): void {
    const { capacityBytes } = this.#disk
    const dice = this.random.fork()
    const state =
      how === 'power' ? this.#disk.state.afterPowerCut(dice) : this.#disk.state.afterKill(dice)
    this.#disk.onPowerCut = () => {}
    this.#leave()
    this.#ledger = this.#ledger.afterCrash(dice, how)
    this.#restartClock()
    this.#operationsBefore += this.#disk.operations
    this.#disk = this.#newDisk({ state, capacityBytes })
  }

  #leave(): void {
    if (this.#observed === undefined) return
    this.wrong.push(...this.#observed.wrong)
    this.#observed.over = true
  }

  #restartClock(): void {
    const { random } = this
    const downMs = random.chance(0.2) ? random.between(0, 20_000) : random.between(1, 200)
    this.#trueMs = this.trueMs() + downMs
    this.clock.restart(downMs, random.between(0, 100_000))
    this.#trueSinceMs = this.clock.monotonicMs()
    if (random.chance(this.plan.jumpWhileDown))
      this.clock.jumpWall(random.pick([-3_600_000, -5_000, 5_000, 3_600_000]))
  }

  /** A machine as the next start may find it, were this one to stop now: to be looked at aside. */
  aside(how: 'power' | 'kill'): Devices & { disk: SimulatedDisk; clock: SimulatedClock } {
    const { state, capacityBytes } = this.#disk
    const clock = new SimulatedClock({ wallMs: this.clock.wallMs() })
    const dice = this.random.fork()
    const found = how === 'power' ? state.afterPowerCut(dice) : state.afterKill(dice)
    const disk = new SimulatedDisk({ state: found, capacityBytes })
    const ledger = this.#ledger.afterCrash(this.random.fork(), how).open(clock)
    return { disk, clock, ledger }
  }

  async #probeImage(): Promise<void> {
    const { disk, clock, ledger } = this.aside('power')
    try {
      const opening = this.#system.open({ disk, clock, ledger }, this.plan, () =>
        this.random.bits16(),
      )
      const engine = await clock.until(opening, patienceMs)
      const aside = new ObservedEngine(engine, new Recorder(() => 0), this.numbers)
      await clock.advance(8 * this.plan.latencyMs + 50)
      const probe = await clock.until(aside.probe(), patienceMs)
      if (probe !== undefined) this.recorder.record({ kind: 'probed', when: 'image', probe })
      disk.capacityBytes = roomyBytes
      await clock.until(engine.close(), patienceMs)
    } catch (error) {
      const full = ['disk-full', 'ENOSPC'].includes(String(Reflect.get(error as object, 'code')))
      if (!full) this.wrong.push(error)
    }
  }
}
