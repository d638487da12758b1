/*
 * A disk in memory that can fail, fill up and lose power.
 *
 * Every call is one numbered operation:  fault plan ─▶ begins ─▶ (time passes) ─▶ takes effect ─▶ answer.
 * After a power cut no call is ever answered again; `afterPowerCut` and `afterKill` give the disk that
 * the next start finds. What may survive is told in disk-state.ts. All of it follows from the random
 * source given, so one seed gives one disk.
 */

import type { Clock } from '../clock.ts'
import type { Disk, DiskFile } from '../embedded/journal/disk.ts'
import {
  type DiskFault,
  type DiskOperation,
  type DiskOperationKind,
  diskError,
  type FaultPlan,
} from './disk-fault.ts'
import { DiskState, type Inode } from './disk-state.ts'
import { type RandomSource, randomSource } from './random.ts'
import { type DiskMachine, type Effect, SimulatedFile } from './simulated-file.ts'

export interface SimulatedDiskOptions {
  /** With a clock, operations take the time `latencyMs` says; without, they end in a microtask. */
  readonly clock?: Clock
  readonly random?: RandomSource
  /** Default: 0.05 to 1 ms, syncs four times that. */
  readonly latencyMs?: (operation: DiskOperation) => number
  readonly faults?: FaultPlan
  /** Bytes that fit; default unlimited. */
  readonly capacityBytes?: number
  /** What the disk holds at first; default nothing. */
  readonly state?: DiskState
}

/**
 * The disk of a test. Implements the journal's `Disk`.
 *
 * @example
 * const disk = new SimulatedDisk({ faults: nthOperation(3, { kind: 'fail', code: 'EIO' }) })
 * const next = disk.afterPowerCut(randomSource(1))
 */
export class SimulatedDisk implements Disk, DiskMachine {
  readonly state: DiskState
  /** Bytes that fit. May be changed at any time: space taken by others, space back. */
  capacityBytes: number
  /** May be changed at any time. */
  faults: FaultPlan
  /** Operations begun, by kind. */
  readonly counts: Record<DiskOperationKind, number> = {
    create: 0,
    open: 0,
    list: 0,
    rename: 0,
    remove: 0,
    syncDirectory: 0,
    freeBytes: 0,
    write: 0,
    sync: 0,
    read: 0,
    size: 0,
    close: 0,
  }
  /** Called once, when a fault cuts the power. */
  onPowerCut: () => void = () => {}
  readonly #options: SimulatedDiskOptions
  readonly #random: RandomSource
  #operations = 0
  #off = false

  constructor(options: SimulatedDiskOptions = {}) {
    this.#options = options
    this.state = options.state ?? new DiskState()
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY
    this.faults = options.faults ?? (() => undefined)
    this.#random = options.random ?? randomSource(1)
  }

  /** Operations begun so far. */
  get operations(): number {
    return this.#operations
  }

  /** Whether the power is gone: no call is answered any more. */
  get off(): boolean {
    return this.#off
  }

  /** No call is answered from now on, those under way included. */
  cutPower(): void {
    if (this.#off) return
    this.#off = true
    this.onPowerCut()
  }

  /** Cuts the power and returns the disk found at the next start. */
  afterPowerCut(
    random: RandomSource,
    options: SimulatedDiskOptions = this.#options,
  ): SimulatedDisk {
    this.cutPower()
    return new SimulatedDisk({ ...options, state: this.state.afterPowerCut(random) })
  }

  /** Kills the process, not the machine: what was written is seen by the next one, synced or not. */
  afterKill(random: RandomSource, options: SimulatedDiskOptions = this.#options): SimulatedDisk {
    this.cutPower()
    return new SimulatedDisk({ ...options, state: this.state.afterKill(random) })
  }

  create(name: string): Promise<DiskFile> {
    return this.operate('create', name, 0, () => {
      if (this.state.find(name) !== undefined) throw diskError('EEXIST', 'open', name)
      const inode = this.state.create(name)
      return { end: () => new SimulatedFile(this, name, inode) }
    })
  }

  open(name: string): Promise<DiskFile> {
    return this.operate('open', name, 0, () => {
      const inode = this.#existing(name, 'open')
      return { end: () => new SimulatedFile(this, name, inode) }
    })
  }

  list(): Promise<readonly string[]> {
    return this.operate('list', '', 0, () => ({ end: () => this.state.list() }))
  }

  rename(from: string, to: string): Promise<void> {
    return this.operate('rename', from, 0, () => {
      this.#existing(from, 'rename')
      this.state.rename(from, to)
      return { end: () => {} }
    })
  }

  remove(name: string): Promise<void> {
    return this.operate('remove', name, 0, () => {
      this.#existing(name, 'unlink')
      this.state.remove(name)
      return { end: () => {} }
    })
  }

  syncDirectory(): Promise<void> {
    return this.operate('syncDirectory', '', 0, () => ({ end: this.state.beginDirectorySync() }))
  }

  freeBytes(): Promise<number> {
    return this.operate('freeBytes', '', 0, () => ({ end: () => this.roomBytes() }))
  }

  /** Bytes that still fit. */
  roomBytes(): number {
    return Math.max(0, this.capacityBytes - this.state.usedBytes())
  }

  get random(): RandomSource {
    return this.#random
  }

  /** Runs one operation through the fault plan; what files do comes through here too. */
  operate<T>(
    kind: DiskOperationKind,
    name: string,
    bytes: number,
    begin: (shorten: boolean) => Effect<T>,
  ): Promise<T> {
    if (this.#off) return new Promise<T>(() => {})
    const operation: DiskOperation = { number: ++this.#operations, kind, name, bytes }
    this.counts[kind]++
    const fault = this.faults(operation)
    if (fault?.kind === 'lose' && fault.when === 'before') {
      this.cutPower()
      return new Promise<T>(() => {})
    }
    return this.#run(operation, fault, begin)
  }

  async #run<T>(
    operation: DiskOperation,
    fault: DiskFault | undefined,
    begin: (shorten: boolean) => Effect<T>,
  ): Promise<T> {
    const { kind, name } = operation
    const shorten = fault?.kind === 'shorten' && kind === 'write'
    if (fault?.kind === 'fail' && kind !== 'sync') {
      await this.#pass(operation, fault)
      throw diskError(fault.code, kind, name)
    }
    const effect = begin(shorten)
    if (fault?.kind === 'cut') this.cutPower()
    await this.#pass(operation, fault)
    if (fault?.kind === 'fail' || (fault?.kind === 'shorten' && !shorten)) {
      effect.fail?.()
      throw diskError(fault.kind === 'fail' ? fault.code : 'EIO', kind, name)
    }
    const result = effect.end()
    if (fault?.kind === 'lose') {
      this.cutPower()
      return new Promise<T>(() => {})
    }
    return result
  }

  /** The time the operation takes. Never ends when the power goes meanwhile. */
  async #pass(operation: DiskOperation, fault: DiskFault | undefined): Promise<void> {
    const { clock, latencyMs = (one) => this.#usualLatencyMs(one) } = this.#options
    const extraMs = fault?.kind === 'slow' ? fault.ms : 0
    if (clock === undefined) await null
    else {
      await new Promise<void>((resolve) => {
        clock.after(latencyMs(operation) + extraMs, resolve)
      })
    }
    if (this.#off) await new Promise<never>(() => {})
  }

  #usualLatencyMs({ kind }: DiskOperation): number {
    const ms = 0.05 + this.#random.unit() * 0.95
    return kind === 'sync' || kind === 'syncDirectory' ? ms * 4 : ms
  }

  #existing(name: string, call: string): Inode {
    const inode = this.state.find(name)
    if (inode === undefined) throw diskError('ENOENT', call, name)
    return inode
  }
}
