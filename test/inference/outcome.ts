/*
 * What the compiler knows about outcomes, callbacks and gathers. Nothing here runs: see producer.ts.
 */

import { z } from 'zod'
import { type Home, type Outcome, queue, toCallback } from '../../src/index.ts'
import { other, resize } from './contracts.ts'
import { same } from './same.ts'

export function everyCode(outcome: Outcome<typeof resize>): string {
  same<typeof outcome.queue, 'resize'>()
  if (outcome.ok) return outcome.value.key
  const { error } = outcome
  same<typeof error.retryable, boolean>()
  switch (error.code) {
    case 'NotAnImage':
      return error.data.mime
    case 'Gone':
      same<typeof error.data, undefined>()
      return 'gone'
    case 'Late':
      return error.data.since.toISOString()
    case 'thrown':
      return `${error.data.name} ${error.data.message} ${error.data.cause?.message}`
    case 'lost':
      return `${error.data.attempts}`
    case 'expired':
      return `${error.data.deadline?.toISOString()}`
    case 'canceled':
    case 'rejected':
      return error.data.reason ?? ''
    case 'invalid':
      return `${error.data.side} ${error.data.issues[0]?.message}`
    case 'unroutable':
      return error.data.routingKey ?? ''
    default:
      return error satisfies never
  }
}

export function aCodeForgotten(outcome: Outcome<typeof resize>): void {
  if (outcome.ok) return
  const { error } = outcome
  switch (error.code) {
    case 'NotAnImage':
    case 'Gone':
    case 'thrown':
    case 'lost':
    case 'expired':
    case 'canceled':
    case 'rejected':
    case 'invalid':
    case 'unroutable':
      return
    default:
      // @ts-expect-error the declared error "Late" is left
      error satisfies never
  }
}

export function wrongUse(outcome: Outcome<typeof other>): void {
  // @ts-expect-error a value only where ok was asked
  outcome.value
  if (outcome.ok) return
  // @ts-expect-error no such code
  if (outcome.error.code === 'NotAnImage') return
}

export async function callbacks(home: Home): Promise<void> {
  const onResized = home.callback(
    'photo.resized',
    resize,
    (outcome, { context, input, attempt }) => {
      if (outcome.ok) same<typeof outcome.value, { key: string; bytes: number }>()
      same<typeof context, { photoId: number }>()
      same<typeof input, { url: string; width: number } | undefined>()
      same<typeof attempt, number>()
    },
    { context: z.object({ photoId: z.number() }) },
  )
  await home.send(resize, { url: 'u' }, { callback: onResized.with({ photoId: 42 }) })
  await home.send(resize, { url: 'u' }, { callback: [onResized.with({ photoId: 42 })] })
  // @ts-expect-error the context does not fit
  onResized.with({ photoId: '42' })
  // @ts-expect-error a context is needed
  await home.send(resize, { url: 'u' }, { callback: onResized })
  // @ts-expect-error a callback of another queue's contract
  await home.send(other, { a: 1 }, { callback: onResized.with({ photoId: 42 }) })

  const plain = home.callback('plain', resize, () => {})
  await home.send(resize, { url: 'u' }, { callback: plain })
  // @ts-expect-error a callback of another queue's contract
  await home.send(other, { a: 1 }, { callback: plain })

  const spelled = home.callback<typeof resize, { photoId: string }>('s', resize, (_, details) => {
    same<typeof details.context, { photoId: string }>()
  })
  await home.send(resize, { url: 'u' }, { callback: spelled.with({ photoId: 'x' }) })

  const named = toCallback<typeof resize, { photoId: number }>('photo.resized', resize)
  await home.send(resize, { url: 'u' }, { callback: named.with({ photoId: 42 }) })
}

export async function gathers(home: Home): Promise<void> {
  const onDone = home.callbackAll('all.done', [resize, other], (outcomes, { context }) => {
    same<typeof context, unknown>()
    for (const outcome of outcomes) {
      same<typeof outcome.queue, 'resize' | 'other'>()
      if (outcome.ok && outcome.queue === 'resize') {
        same<typeof outcome.value, { key: string; bytes: number }>()
      }
    }
  })
  const a = await home.send(resize, { url: 'u' })
  const b = await home.send(other, { a: 1 })
  await home.gather([a, b], onDone)
  await home.gather([a], onDone.with({ any: 'JSON' }))
  const third = await home.send(queue('third'), 1)
  // @ts-expect-error a receipt of a queue that the callback does not know
  await home.gather([third], onDone)
  const onOne = home.callback('one', resize, () => {})
  // @ts-expect-error a callback of one outcome does not gather
  await home.gather([a], onOne)
  // @ts-expect-error a callback of gathers is not told of one
  await home.send(resize, { url: 'u' }, { callback: onDone })
}

export function contracts(): void {
  // @ts-expect-error not a Standard Schema
  queue('x', { input: { url: 'string' } })
  // @ts-expect-error no such option
  queue('x', { inputs: z.string() })
  // @ts-expect-error "thrown" has a meaning of its own
  queue('x', { errors: { thrown: z.string() } })
  // @ts-expect-error "ok" is no error
  queue('x', { errors: { ok: z.string() } })
  // @ts-expect-error no such overflow
  queue('x', { overflow: 'drop-tail' })
  // @ts-expect-error no such backoff
  queue('x', { retry: { backoff: 'sometimes' } })
}
