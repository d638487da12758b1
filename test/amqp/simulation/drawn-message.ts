/*
 * Messages as simulated clients send them, and what the history notes of those that are received.
 */

import { hash } from 'node:crypto'
import {
  type BasicProperties,
  decodeProperties,
  encodeProperties,
} from '../../../src/amqp/protocol/properties.ts'
import type { HeaderTable, HeaderValue } from '../../../src/embedded/routing/header-value.ts'
import type { RandomSource } from '../../../src/testing/random.ts'
import type { Received, Sent } from './history.ts'
import type { Content } from './wire-client.ts'

export const digestOf = (...parts: readonly Uint8Array[]): string =>
  hash('sha1', Buffer.concat(parts)).slice(0, 16)

/** A message, and the content it goes out as. */
export interface Drawn {
  readonly message: Sent
  readonly content: Content
}

export interface Asked {
  readonly token: string
  readonly exchange: string
  readonly key: string
  readonly properties: BasicProperties
  readonly body: Uint8Array
  readonly tracked?: 'reply' | 'notify'
  readonly id?: string
  readonly timed?: boolean
}

export function drawn({ token, exchange, key, properties, body, ...asked }: Asked): Drawn {
  const { tracked, id, timed = false } = asked
  const whole = Buffer.concat([Buffer.from(`${token} `), body])
  const encoded = encodeProperties(properties)
  const { expiration, priority = 0, deliveryMode } = properties
  return {
    content: { properties: encoded, body: whole },
    message: {
      token,
      exchange,
      key,
      persistent: deliveryMode === 2,
      priority,
      ttlMs: expiration === undefined ? undefined : Number(expiration),
      digest: digestOf(encoded, whole),
      bodyDigest: digestOf(whole),
      tracked: tracked !== undefined,
      awaitsReply: tracked === 'reply',
      timed,
      id,
    },
  }
}

/** Properties of a message that asks for nothing. */
export function drawProperties(random: RandomSource): BasicProperties {
  return {
    ...(random.chance(0.7) && { deliveryMode: 2 }),
    ...(random.chance(0.3) && { headers: drawHeaders(random) }),
    ...(random.chance(0.3) && { priority: random.between(0, 7) }),
    ...(random.chance(0.12) && { expiration: `${random.between(50, 2_000)}` }),
    ...(random.chance(0.2) && { contentType: 'text/plain', type: 'drawn' }),
    ...(random.chance(0.1) && { timestamp: 1_700_000_000, appId: 'simulation' }),
  }
}

function drawHeaders(random: RandomSource): HeaderTable {
  const values: readonly HeaderValue[] = [
    'text',
    random.between(-1_000, 1_000),
    2n ** 62n,
    true,
    null,
    Uint8Array.of(0, 255),
    ['list', 1],
    new Map<string, HeaderValue>([['inner', 'table']]),
  ]
  const count = random.between(1, 3)
  return new Map(Array.from({ length: count }, (_, n) => [`h${n}`, random.pick(values)] as const))
}

/** Who drew it: the first word of its body. */
export const tokenOf = (body: Uint8Array): string =>
  Buffer.from(body).toString('latin1', 0, 40).split(' ', 1)[0] ?? ''

export function received({ properties, body }: Content, redelivered: boolean): Received {
  const { headers, correlationId } = decodeProperties(properties)
  const token = tokenOf(body)
  const deaths = headers?.get('x-death')
  const counts = Array.isArray(deaths) ? deaths.map((death) => Number(field(death, 'count'))) : []
  const [last] = Array.isArray(deaths) ? deaths : []
  return {
    token,
    redelivered,
    digest: digestOf(properties, body),
    bodyDigest: digestOf(body),
    deaths: counts.reduce((sum, count) => sum + count, 0),
    from: last === undefined ? '' : String(field(last, 'queue')),
    reason: last === undefined ? '' : String(field(last, 'reason')),
    replyFor: token.startsWith('r') ? correlationId : undefined,
  }
}

const field = (table: HeaderValue, name: string): HeaderValue | undefined =>
  table instanceof Map ? table.get(name) : undefined
