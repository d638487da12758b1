/*
 * A consumer of the engine behind a server: the other side of what is sent over HTTP.
 */

import { Buffer } from 'node:buffer'
import type { Engine, Subscription } from '../../src/engine.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Settlement } from '../../src/message/settlement.ts'

/** Settles every delivery as `work` says; holds it when that is undefined. */
export function work(
  engine: Engine,
  queue: string,
  work: (delivery: Delivery) => Settlement | undefined,
): Subscription {
  return engine.subscribe(
    queue,
    { prefetch: 100, consumerName: 'worker' },
    {
      deliver(delivery) {
        const settlement = work(delivery)
        if (settlement !== undefined) void engine.settle(delivery, settlement)
      },
      revoke: () => undefined,
    },
  )
}

export const result = (text: string, contentType = 'text/plain'): Settlement => ({
  kind: 'final',
  code: 'ok',
  contentType,
  body: Buffer.from(text),
})

export const failed = (code: string, data: unknown): Settlement => ({
  kind: 'final',
  code,
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify(data)),
})
