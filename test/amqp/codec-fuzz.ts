/*
 * A campaign of inputs against the codec, seed by seed, with figures of what became of them.
 *
 * Rules: nothing but AmqpErrors, no input over 50 ms, no growth. On a busy machine a call can be
 * stopped for long; so an input that seems slow is tried again, and its quickest run counts.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { codecInput, corpus } from './codec-input.ts'
import { tryCodec } from './codec-trial.ts'

const inputMsMax = 50
/** What is slower than this is tried again: nearly always it was the machine. */
const suspectMs = 10
/** What the heap and buffers may grow by from the first tenth to the end, collected. */
const grownBytesMax = 16 * 1024 * 1024

export interface CodecFigures {
  readonly inputs: number
  readonly bytes: number
  readonly read: number
  /** Inputs by the reply code they were refused with. */
  readonly refused: Readonly<Record<number, number>>
  readonly slowestMs: number
  readonly grownBytes: number
  /** The first few that broke a rule, with their seeds. */
  readonly failures: readonly string[]
}

const failuresMax = 10

/** Inputs of the seeds from `seed` on, `count` of them. */
export function fuzzCodec(seed: number, count: number): CodecFigures {
  const good = corpus()
  const refused: Record<number, number> = {}
  const failures: string[] = []
  let bytes = 0
  let slowestMs = 0
  let grownFrom = 0
  for (let n = 0; n < count && failures.length < failuresMax; n++) {
    if (n === Math.floor(count / 10)) grownFrom = bytesInUse()
    const input = codecInput(seed + n, good)
    bytes += input.bytes.length
    try {
      const [code, ms] = timed(() => tryCodec(input))
      refused[code] = (refused[code] ?? 0) + 1
      slowestMs = Math.max(slowestMs, ms)
      if (ms > inputMsMax) failures.push(`seed ${seed + n} took ${ms.toFixed(1)} ms`)
    } catch (error) {
      failures.push(`seed ${seed + n}: ${(error as Error).stack}`)
    }
  }
  const { 0: read = 0, ...byCode } = refused
  const grownBytes = bytesInUse() - grownFrom
  if (grownBytes > grownBytesMax) failures.push(`grown by ${grownBytes} bytes`)
  return { inputs: count, bytes, read, refused: byCode, slowestMs, grownBytes, failures }
}

function timed(run: () => number): readonly [code: number, ms: number] {
  let quickestMs = Number.POSITIVE_INFINITY
  let code = 0
  for (let tries = 0; tries < 5 && quickestMs > suspectMs; tries++) {
    const beganMs = performance.now()
    code = run()
    quickestMs = Math.min(quickestMs, performance.now() - beganMs)
  }
  return [code, quickestMs]
}

/** After a collection, which Node offers to its own flag only. */
function bytesInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
