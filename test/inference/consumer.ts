/*
 * What the compiler knows about working. Nothing here runs: see producer.ts.
 */

import type { Delivery, Home } from '../../src/index.ts'
import { bare, length, other, resize, texts, withArktype, withValibot } from './contracts.ts'
import { same } from './same.ts'

export function consumers(home: Home): void {
  home.consume(
    resize,
    async ({ input, id, attempt, redelivered, signal, headers, key, deadline, progress, fail }) => {
      same<typeof input, { url: string; width: number }>()
      same<typeof id, string>()
      same<typeof attempt, number>()
      same<typeof redelivered, boolean>()
      same<typeof signal, AbortSignal>()
      same<typeof headers, Readonly<Record<string, string>>>()
      same<typeof key, string | undefined>()
      same<typeof deadline, Date | undefined>()
      await progress({ percent: 50 })
      if (attempt === 1) throw fail('NotAnImage', { mime: 'text/html' })
      if (attempt === 2) throw fail('Gone')
      return { key: 'k', bytes: 1 }
    },
    { concurrency: 8, prefetch: 32, timeout: '10s', backoff: (n) => n * 100, name: 'w' },
  )
  home.consume(resize, () => ({ key: 'k', bytes: 1 }))
  home.consume(length, ({ input }) => input + 1)
  home.consume(texts, ({ input }) => input.toUpperCase())
  home.consume(bare, async () => undefined)
  home.consume(other, async () => {})
  home.consume(withValibot, ({ input, fail }) => {
    if (input.n % 2) throw fail('Odd', { n: input.n })
    return input.n
  })
  home.consume(withArktype, ({ input }) => input.n)
  const declared = async ({ input }: Delivery<typeof resize>) => ({ key: input.url, bytes: 1 })
  home.consume(resize, declared)
}

export function refusedHandlers(home: Home): void {
  home.consume(resize, async ({ fail }) => {
    // @ts-expect-error wrong data of a declared error
    throw fail('NotAnImage', { mime: 1 })
  })
  home.consume(resize, async ({ fail }) => {
    // @ts-expect-error the data is missing
    throw fail('NotAnImage')
  })
  home.consume(resize, async ({ fail }) => {
    // @ts-expect-error no such error
    throw fail('Nope', {})
  })
  home.consume(other, async ({ fail }) => {
    // @ts-expect-error this queue declares none
    throw fail('NotAnImage', { mime: 'x' })
  })
  home.consume(resize, async ({ progress }) => {
    // @ts-expect-error progress that does not fit
    await progress({ percent: 'half' })
    return { key: 'k', bytes: 1 }
  })
  // @ts-expect-error the result lacks bytes
  home.consume(resize, async () => ({ key: 'k' }))
  // @ts-expect-error nothing is returned
  home.consume(resize, async () => {})
  // @ts-expect-error no such option
  home.consume(resize, () => ({ key: 'k', bytes: 1 }), { concurency: 8 })
  // @ts-expect-error the input has no height
  home.consume(resize, ({ input }) => ({ key: 'k', bytes: input.height }))
}

export function batches(home: Home): void {
  home.consumeMany(
    resize,
    (batch) => batch.map(({ input }) => ({ key: input.url, bytes: input.width })),
    { batch: 500, maxWait: '20ms' },
  )
  home.consumeMany(resize, async (batch) => {
    for (const { input, done, fail, retryIn, reject } of batch) {
      if (input.width > 9) fail('NotAnImage', { mime: 'x' })
      else if (input.width > 5) retryIn('1s')
      else if (input.width > 2) reject('small')
      else done({ key: 'k', bytes: 1 })
    }
  })
  home.consumeMany(resize, (batch) => batch.map(() => new Error('each retried')))
  home.consumeMany(resize, (batch) => {
    // @ts-expect-error the result lacks bytes
    for (const { done } of batch) done({ key: 'k' })
  })
  // @ts-expect-error results lack bytes
  home.consumeMany(resize, (batch) => batch.map(() => ({ key: 'k' })))
  // @ts-expect-error a single consumer has no batch
  home.consume(resize, () => ({ key: 'k', bytes: 1 }), { batch: 5 })
}
