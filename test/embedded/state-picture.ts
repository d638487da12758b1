/*
 * A state as plain values, so that two of them can be compared: every entry of every queue, whether
 * it is a row of a block or more, what is counted of segments, ids and gathers.
 */

import { steadyWallClock } from '../../src/clock.ts'
import { IndexPages } from '../../src/embedded/index-pages.ts'
import { type Entry, entryStates, messageKind } from '../../src/embedded/queue/entry.ts'
import { type Recovered, recover } from '../../src/embedded/recovery.ts'
import type { State } from '../../src/embedded/state.ts'
import { DiskState } from '../../src/testing/disk-state.ts'
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { SimulatedDisk } from '../../src/testing/simulated-disk.ts'
import type { SimulatedLedger } from '../../src/testing/simulated-ledger.ts'

export interface RecoveredPicture {
  readonly recovered: Recovered
  readonly problems: readonly string[]
  readonly picture: unknown
}

/** What a start finds on a disk of these files; the files themselves stay as they are. */
export async function recoveredFrom(
  files: Iterable<readonly [string, Uint8Array]>,
  ledger: SimulatedLedger,
  clock: SimulatedClock,
): Promise<RecoveredPicture> {
  const disk = new SimulatedDisk({ state: DiskState.of(files) })
  const problems: string[] = []
  const onProblem = (text: string) => problems.push(text)
  const indexBytesMax = 0
  const pages = new IndexPages({
    disk,
    memoryBytesMax: indexBytesMax,
    memoryBytes: () => 0,
    onProblem,
  })
  const nowMs = steadyWallClock(clock)
  const recovered = await recover({
    disk,
    ledger: ledger.open(),
    pages,
    indexBytesMax,
    nowMs,
    freshSeed: 4_242,
    onProblem,
  })
  for (const { queue } of recovered.state.queues.values()) {
    for (const fifo of queue.fifos) {
      for (const block of fifo.blocks) await pages.bringBack(block)
    }
  }
  await pages.close()
  return { recovered, problems, picture: pictureOf(recovered.state, clock.wallMs() + 1_000) }
}

/** Whether what is due by now was woken before or will be is the same. */
function pictureOf(state: State, nowMs: number): unknown {
  const queues = [...state.numbered.values()].map(({ queue }) => {
    const rows = queue.fifos.flatMap(({ blocks, priority }) =>
      blocks.flatMap((block) =>
        Array.from({ length: block.rows }, (_, row) => row)
          .filter((row) => block.isLive(row))
          .map((row) => block.entryAt(row, priority)),
      ),
    )
    const entries = [...rows, ...queue.entries()].sort((a, b) => a.position - b.position)
    return {
      number: queue.number,
      name: queue.name,
      settings: queue.settings,
      nextPosition: queue.nextPosition,
      ready: queue.waiting + queue.delayed,
      unsettled: queue.unsettled,
      entries: entries.map((entry) => entryPicture(entry, state, nowMs)),
    }
  })
  const segments = state.segments.all().filter(({ live }) => live > 0)
  return {
    queues,
    segments: segments.map(({ segment, live, liveBytes }) => [segment, live, liveBytes]),
    gathers: state.gathers.records(),
    routing: state.routing.snapshot(),
  }
}

function entryPicture(entry: Entry, state: State, nowMs: number): unknown {
  const { position, priority, kind, hash, deadlineAtMs, segment, from, bytes } = entry
  const places = kind === messageKind ? state.ids.places(hash) : []
  const dueAtMs = Math.min(entry.availableAtMs, entry.deadlineAtMs)
  const delayed = entry.state === entryStates.delayed && dueAtMs > nowMs
  return {
    ...{ position, priority, kind, hash, deadlineAtMs, segment, from, bytes },
    attempts: entry.attempts,
    excused: entry.excused,
    delayed,
    availableAtMs: delayed ? entry.availableAtMs : 0,
    found:
      kind !== messageKind || places.some((one) => one.segment === segment && one.from === from),
  }
}
