/*
 * What queues drop comes to `homing.dead`, from every queue, to any process: it becomes an outcome.
 *
 *   expired          its time in the queue is over        expired
 *   maxlen           pushed out of a full queue           rejected
 *   delivery_limit   delivered a million times            lost
 *   rejected         by a consumer of another program     rejected
 */

import type { ConsumeMessage } from 'amqplib'
import type { Finishing } from './finishing.ts'
import { jsonBody } from './json-body.ts'
import { deadQueue } from './names.ts'
import { QueueReader, type ReaderParts } from './queue-reader.ts'
import { decodeMessage } from './wire-message.ts'

export interface DeadReaderParts extends ReaderParts {
  readonly finishing: Finishing
  readonly nowMs: () => number
  readonly mintId: () => string
}

const prefetch = 200

const codes: Readonly<Record<string, string>> = { expired: 'expired', delivery_limit: 'lost' }

export function deadReader(parts: DeadReaderParts): QueueReader {
  return new QueueReader(parts, {
    queue: deadQueue,
    prefetch,
    prepare: () => Promise.resolve(),
    read: (message) => readDead(parts, message),
  })
}

async function readDead(parts: DeadReaderParts, message: ConsumeMessage): Promise<void> {
  const { reason, queue } = lastDeath(message)
  const nowMs = parts.nowMs()
  let carried: ReturnType<typeof decodeMessage>
  try {
    carried = decodeMessage(message, queue, nowMs, parts.mintId)
  } catch (error) {
    parts.onProblem(`a message that queue "${queue}" dropped (${reason}) cannot be read: ${error}`)
    return
  }
  const { message: dead, acceptedAtMs, attempts, reply } = carried
  const outcome = {
    id: dead.id,
    queue,
    code: codes[reason] ?? 'rejected',
    ...jsonBody({ reason }),
    attempts,
    acceptedAtMs,
    finishedAtMs: nowMs,
  }
  const { sent } = await parts.finishing.finish({ outcome, message: dead, reply })
  await sent
}

interface Death {
  readonly reason: string
  readonly queue: string
}

/** RabbitMQ puts the newest death first. */
function lastDeath({ properties, fields }: ConsumeMessage): Death {
  const deaths: unknown = properties.headers?.['x-death']
  const last: unknown = Array.isArray(deaths) ? deaths[0] : undefined
  return {
    reason: String(Reflect.get(Object(last), 'reason') ?? 'rejected'),
    queue: String(Reflect.get(Object(last), 'queue') ?? fields.routingKey),
  }
}
