/* Contracts of the tests that go through the five verbs, and what those tests share. */

import assert from 'node:assert/strict'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Outcome } from '../../client/outcome.ts'
import type { Receipt } from '../../client/receipt.ts'
import type { AnyContract } from '../../contract/contract.ts'
import { queue } from '../../contract/queue.ts'
import type { Trial } from './trial.ts'

const schema = <T>(fits: (value: unknown) => value is T): StandardSchemaV1<T, T> => ({
  '~standard': {
    version: 1,
    vendor: 'homing',
    validate: (value) =>
      fits(value) ? { value } : { issues: [{ message: `${JSON.stringify(value)} does not fit` }] },
  },
})

export const text = schema((value) => typeof value === 'string')
export const number = schema((value) => typeof value === 'number')

/** Work as most tests have it: a text in, a text out, no time to speak of between attempts. */
export const work = (trial: Trial, more: { readonly within?: number; timeout?: number } = {}) =>
  queue('work', {
    input: text,
    output: text,
    errors: { NotAnImage: number },
    progress: number,
    retry: { attempts: 3, backoff: trial.ms(20) },
    ...more,
  })

/** The outcome, and that it is not ok. */
export async function failed<C extends AnyContract>(
  trial: Trial,
  receipt: Receipt<C>,
): Promise<{ readonly code: string; readonly data: unknown; readonly attempts: number }> {
  const outcome = (await trial.during(receipt.outcome(), 'the outcome')) as Outcome<AnyContract>
  assert.ok(!outcome.ok, 'the outcome is not ok')
  return outcome.error
}

/** Resolves when the signal is aborted: a handler that watches it. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
