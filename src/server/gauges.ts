/*
 * What the alarms read: the memory of this process, the room on the disk.
 */

import { statfs } from 'node:fs'
import { totalmem } from 'node:os'
import process from 'node:process'
import v8 from 'node:v8'
import vm from 'node:vm'
import { limits } from '../limits.ts'
import type { Gauge } from './alarms.ts'

/** Share of the heap that JavaScript may take before publishers are blocked. */
const heapShareMax = 0.8
/** Share of the limit that may be used while the system has lent more than the limit. */
const lentShareMax = 0.6
/** Share of the machine, or of the container, that is ours when nothing is said. */
const machineShare = 0.4
const relieveMs = 1_000

/** Where alarms begin; what is read each time, so that a reload changes it. */
export interface Marks {
  readonly memoryBytesMax: number
  readonly diskFreeBytesMin: number
}

export const marksOf = (settings: Partial<Marks>): Marks => ({
  memoryBytesMax: settings.memoryBytesMax ?? memoryBytesDefault(),
  diskFreeBytesMin: settings.diskFreeBytesMin ?? limits.diskFreeBytesMin,
})

/** Bytes that may be used when nothing is said. */
function memoryBytesDefault(): number {
  const constrained = process.constrainedMemory()
  const machine = totalmem()
  const total = constrained > 0 && constrained < machine ? constrained : machine
  return Math.floor(total * machineShare)
}

/**
 * Used memory against the limit; the heap's own limit counts as well. Where the system has lent more than
 * the limit already, less use is too much: what is freed does not come back soon.
 */
export function memoryGauge(mark: () => number): Gauge {
  let relievedAtMs = 0
  return {
    name: 'memory',
    reason: 'low on memory',
    read() {
      const { used_heap_size, heap_size_limit, external_memory } = v8.getHeapStatistics()
      const used = used_heap_size + external_memory
      const bytesMax = mark()
      const lent = Math.min(process.memoryUsage.rss() / bytesMax, used / (bytesMax * lentShareMax))
      return Math.max(used / bytesMax, used_heap_size / (heap_size_limit * heapShareMax), lent)
    },
    relieve() {
      if (performance.now() - relievedAtMs < relieveMs) return
      collectGarbage()
      relievedAtMs = performance.now()
    },
  }
}

/** Free space below the limit, on the disk of the directory. */
export function diskGauge(directory: string, mark: () => number): Gauge {
  return {
    name: 'disk',
    reason: 'low on disk',
    read: () =>
      new Promise((resolve, reject) => {
        statfs(directory, (error, stats) => {
          if (error) reject(error)
          else resolve(mark() / Math.max(1, stats.bavail * stats.bsize))
        })
      }),
  }
}

let collect: (() => void) | undefined

/** Node hands the collector out only when it was started so, or asked like this. */
function collectGarbage(): void {
  if (collect === undefined) {
    v8.setFlagsFromString('--expose-gc')
    collect = vm.runInNewContext('gc') as () => void
    v8.setFlagsFromString('--no-expose-gc')
  }
  collect()
}
