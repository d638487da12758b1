/*
 * Throws random and damaged bytes at the AMQP codec and prints a line of figures.
 *
 *   node scripts/fuzz-amqp.ts                         10 million inputs, seeds from the time of day
 *   node scripts/fuzz-amqp.ts --seed 123 --count 1    one input again
 *
 * The exit code is 1 when an input broke a rule; each is printed with its seed.
 */

import { parseArgs } from 'node:util'
import { fuzzCodec } from '../test/amqp/codec-fuzz.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now()) },
    count: { type: 'string', default: '10000000' },
  },
})
const seed = Number(values.seed)
const count = Number(values.count)
const startedAtMs = performance.now()
const figures = fuzzCodec(seed, count)
const seconds = (performance.now() - startedAtMs) / 1000

for (const failure of figures.failures) console.log(`${failure}\n`)
const refused = Object.entries(figures.refused).map(([code, times]) => `${times} × ${code}`)
console.log(
  [
    `seeds ${seed} to ${seed + count - 1} in ${seconds.toFixed(1)} s`,
    `${figures.inputs} inputs, ${(figures.bytes / 2 ** 20).toFixed(0)} MiB`,
    `${figures.read} read, refused ${refused.join(', ')}`,
    `slowest ${figures.slowestMs.toFixed(1)} ms`,
    `grown ${Math.round(figures.grownBytes / 1024)} KiB`,
    `${figures.failures.length} failed`,
  ].join('; '),
)
process.exitCode = figures.failures.length > 0 ? 1 : 0
