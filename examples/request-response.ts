/*
 * Request and response: a value there, a value back, and every way it can go wrong.
 *
 * The question is on disk before anybody works on it, and the answer before anybody sees it. So a
 * crash on either side loses neither: ask again by id, and the answer is there.
 *
 * Run it:  npx node examples/request-response.ts [where]
 */

import { z } from 'zod'
import { HomingError, homing, queue } from '../src/index.ts'

const divide = queue('divide', {
  input: z.object({ dividend: z.number(), divisor: z.number() }),
  output: z.number(),
  errors: { DivisionByZero: z.object({ dividend: z.number() }) },
  retry: { attempts: 3, backoff: '10ms' },
})

await using home = await homing(process.argv[2] ?? './data/request-response')

home.consume(
  divide,
  async ({ input, attempt, fail, signal }) => {
    const { dividend, divisor } = input
    if (divisor === 0) throw fail('DivisionByZero', { dividend }) // final, typed, not retried
    if (dividend === 13) throw new RangeError('13 brings bad luck') // retried, then `thrown`
    if (dividend === 42 && attempt === 1) throw new Error('not today') // retried, and then fine
    if (dividend === 100) await untilAborted(signal) // too slow
    return dividend / divisor
  },
  { concurrency: 10 },
)

// The shortest way: the value, or an error.
console.log('84 / 2 =', await home.call(divide, { dividend: 84, divisor: 2 }))

// call() throws what the message ended as.
try {
  await home.call(divide, { dividend: 1, divisor: 0 })
} catch (error) {
  if (error instanceof HomingError) console.log('1 / 0:', error.code, error.data)
}

// outcome() never throws for that: an outcome is a value, and its switch is exhaustive.
for (const dividend of [42, 13, 100]) {
  const within = dividend === 100 ? '300ms' : '1m'
  const receipt = await home.send(divide, { dividend, divisor: 6 }, { within })
  const outcome = await receipt.outcome()
  if (outcome.ok) {
    console.log(`${dividend} / 6 =`, outcome.value, `after ${outcome.attempts} attempts`)
    continue
  }
  const { error } = outcome
  switch (error.code) {
    case 'DivisionByZero':
      console.log(`${error.data.dividend} / 0: there is no answer`)
      break
    case 'thrown':
      console.log(`${dividend} / 6: ${error.data.name}: ${error.data.message}`)
      break
    case 'expired':
      console.log(`${dividend} / 6: no answer by ${error.data.deadline?.toISOString()}`)
      break
    case 'lost':
    case 'canceled':
    case 'rejected':
    case 'invalid':
    case 'unroutable':
      console.log(`${dividend} / 6: ${error.code}`)
      break
    default:
      error satisfies never
  }
}

// Anybody who knows the id learns the outcome: later, elsewhere in the program, after a restart.
const sent = await home.send(divide, { dividend: 9, divisor: 3 }, { id: 'nine-thirds' })
console.log('nine-thirds was sent before:', sent.duplicate)
console.log('nine-thirds =', await home.receipt(divide, 'nine-thirds').result())
console.log('never-sent is', (await home.receipt(divide, 'never-sent').answer()).state)

/** Stands for work that takes too long, and stops when it is told to. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
