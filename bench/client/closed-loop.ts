/*
 * The load every system is put under, the same for all.
 *
 *   lane 1   ├─ trip ─┼─ trip ─┼─ trip ─┤
 *   lane 2   ├── trip ──┼─ trip ─┼─ trip ──┤        lanes = trips in flight
 *            │ warm-up │     measured    │ drain
 *
 * Each lane starts its next trip when its last one is home. What is counted are the trips that came
 * home inside the measured time, whenever they began; the rest warms up or drains.
 */

import { memoryNow } from '../machine.ts'
import { percentile } from '../statistics.ts'

export interface Load {
  readonly inFlight: number
  readonly warmUpMs: number
  readonly measureMs: number
}

export interface LoadResult {
  readonly trips: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** The most memory this program (not its server) had resident, bytes. */
  readonly peakBytes: number
  /** CPU of this program for a trip, where that is looked at. */
  readonly clientCpuUsPerTrip?: number
  /** What the server took, where there is one that is looked at. */
  readonly server?: ServerUse
}

export interface ServerUse {
  /** CPU of its process and what it started. */
  readonly cpuUsPerTrip: number
  /** Resident after the run, bytes. */
  readonly residentBytes: number
}

/** `trip` gets a number that is new each time, and resolves when the trip is home. */
export async function closedLoop(
  load: Load,
  trip: (n: number) => Promise<void>,
): Promise<LoadResult> {
  const from = performance.now() + load.warmUpMs
  const to = from + load.measureMs
  const latencies = new LatencyLog()
  let next = 0
  const lane = async (): Promise<void> => {
    for (let began = performance.now(); began < to; ) {
      await trip(next++)
      const home = performance.now()
      if (home >= from && home < to) latencies.add(home - began)
      began = home
    }
  }
  await Promise.all(Array.from({ length: load.inFlight }, lane))
  const sorted = latencies.sorted()
  return {
    trips: sorted.length,
    perSecond: sorted.length / (load.measureMs / 1_000),
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    peakBytes: memoryNow().peakBytes,
  }
}

/** Grows without an object per entry, so that measuring does not feed the collector. */
class LatencyLog {
  #values = new Float64Array(1 << 16)
  #length = 0

  add(ms: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(this.#length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#length++] = ms
  }

  sorted(): Float64Array {
    return this.#values.subarray(0, this.#length).toSorted()
  }
}
