/*
 * The embedded engine on a simulated machine: clock, disk and ledger from one seed. Nothing of it is a
 * stand-in for the engine; only its devices are simulated.
 *
 *   openSimulatedEngine ──▶ work ──▶ crash('power') ──▶ the next start, on what a power cut may leave
 *
 * Time stands still until the test moves it: `clock.advance(ms)`, or `clock.until(promise)` for a call
 * that takes time.
 */

import { openBroker } from '../embedded/broker.ts'
import { type EmbeddedOptions, engineOptions } from '../embedded/engine-options.ts'
import type { Engine } from '../engine.ts'
import { type RandomSource, randomSource } from './random.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import { SimulatedLedger } from './simulated-ledger.ts'

export interface SimulatedEngineOptions extends EmbeddedOptions {
  /** Everything random follows from it. Default 1. */
  readonly seed?: number
  /** Default: one of its own. Share one to run several engines in the same time. */
  readonly clock?: SimulatedClock
}

interface Machine {
  readonly options: EmbeddedOptions
  readonly random: RandomSource
  readonly clock: SimulatedClock
  readonly disk: SimulatedDisk
  readonly ledger: SimulatedLedger
}

/** An engine and the machine it runs on. */
export class SimulatedEngine {
  readonly engine: Engine
  readonly clock: SimulatedClock
  /** Set its `faults` and `capacityBytes` at any time. */
  readonly disk: SimulatedDisk
  readonly #machine: Machine

  constructor(engine: Engine, machine: Machine) {
    this.engine = engine
    this.clock = machine.clock
    this.disk = machine.disk
    this.#machine = machine
  }

  /**
   * The machine loses power, or its process is killed, and starts again `downMs` later (default one
   * second) on what the disk and the ledger may have kept. This engine answers nothing any more.
   */
  async crash(how: 'power' | 'kill' = 'power', downMs = 1_000): Promise<SimulatedEngine> {
    const { random, clock, options } = this.#machine
    const { disk, ledger } = this.#machine
    const dice = random.fork()
    const kept = how === 'power' ? disk.afterPowerCut(dice) : disk.afterKill(dice)
    await clock.settle()
    clock.restart(downMs)
    return open({ options, random, clock, disk: kept, ledger: ledger.afterCrash(dice, how) })
  }

  /** Closes the engine and opens it again on the same disk. */
  async reopen(): Promise<SimulatedEngine> {
    await this.clock.until(this.engine.close())
    return open(this.#machine)
  }
}

/**
 * Opens the embedded engine on a simulated machine. Takes the options of `homing()`; a failed disk
 * does not end the process.
 *
 * @example
 * const { engine, clock } = await openSimulatedEngine({ seed: 7 })
 * const home = new Home(engine)
 */
export async function openSimulatedEngine(
  options: SimulatedEngineOptions = {},
): Promise<SimulatedEngine> {
  const { seed = 1, clock = new SimulatedClock(), ...rest } = options
  const random = randomSource(seed)
  // A real disk is never without end; what knows no end is taken for memory.
  const disk = new SimulatedDisk({ clock, random: random.fork(), capacityBytes: 1e12 })
  const ledger = new SimulatedLedger(random.fork(), { clock })
  return open({ options: rest, random, clock, disk, ledger })
}

async function open(machine: Machine): Promise<SimulatedEngine> {
  const { random, clock, disk, ledger } = machine
  const options = engineOptions({ onFailed: () => undefined, ...machine.options })
  const devices = { disk, clock, ledger: ledger.open(), random16: () => random.bits16() }
  const engine = await clock.until(openBroker(devices, options, 'simulated'))
  return new SimulatedEngine(engine, machine)
}
