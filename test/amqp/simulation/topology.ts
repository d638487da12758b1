/*
 * What is declared in a run, and where a message must go: worked out here anew, from the plan alone.
 *
 *   fan (fanout)   top (topic)   "" (default) ─▶ queues ── dead letters ─▶ dlx (fanout) ─▶ dead
 *   work ── rejected ─▶ wait (time to live) ─▶ work       the usual loop of delayed retries
 */

import type { HeaderTable, HeaderValue } from '../../../src/embedded/routing/header-value.ts'
import type { RandomSource } from '../../../src/testing/random.ts'

export interface QueuePlan {
  readonly name: string
  readonly durable: boolean
  readonly type: 'classic' | 'quorum'
  readonly priorityMax: number
  readonly ttlMs: number | undefined
  readonly lengthMax: number | undefined
  readonly overflow: 'drop-head' | 'reject-publish' | 'reject-publish-dlx'
  readonly deliveryLimit: number | undefined
  readonly singleActive: boolean
  /** Queues its dead letters lead to; undefined when they are dropped. */
  readonly deadLetter: { readonly exchange: string; readonly key: string | undefined } | undefined
  readonly fan: boolean
  readonly patterns: readonly string[]
  /** Deleted and declared again now and then. */
  readonly deletes: boolean
}

export const exchanges = [
  { name: 'fan', type: 'fanout' },
  { name: 'top', type: 'topic' },
  { name: 'dlx', type: 'fanout' },
] as const

export const keys = ['a.b', 'a.c', 'c.d', 'x'] as const
const patterns = ['a.*', '#', 'a.b', '*.d', 'c.#'] as const

export const plainQueue: QueuePlan = {
  name: 'plain',
  durable: true,
  type: 'classic',
  priorityMax: 0,
  ttlMs: undefined,
  lengthMax: undefined,
  overflow: 'drop-head',
  deliveryLimit: undefined,
  singleActive: false,
  deadLetter: undefined,
  fan: false,
  patterns: [],
  deletes: false,
}

const dlx = { exchange: 'dlx', key: undefined }

const kinds: readonly ((random: RandomSource) => Partial<QueuePlan> & { name: string })[] = [
  (random) => ({ name: 'plain', ...(random.chance(0.5) && { deadLetter: dlx }) }),
  () => ({ name: 'ranked', priorityMax: 5 }),
  (random) => ({
    name: 'fleeting',
    ttlMs: random.between(200, 2_500),
    ...(random.chance(0.6) && { deadLetter: dlx }),
  }),
  (random) => ({
    name: 'short',
    lengthMax: random.between(2, 6),
    ...(random.chance(0.6) && { deadLetter: dlx }),
  }),
  (random) => ({
    name: 'full',
    lengthMax: random.between(2, 6),
    overflow: random.pick(['reject-publish', 'reject-publish-dlx']),
    ...(random.chance(0.6) && { deadLetter: dlx }),
  }),
  (random) => ({
    name: 'quorum',
    type: 'quorum',
    deliveryLimit: random.between(1, 3),
    ...(random.chance(0.6) && { deadLetter: dlx }),
  }),
  () => ({ name: 'passing', durable: false }),
  () => ({ name: 'alone', singleActive: true }),
  () => ({ name: 'gone', deletes: true }),
]

export const deadQueue: QueuePlan = { ...plainQueue, name: 'dead' }

export function drawQueues(random: RandomSource): readonly QueuePlan[] {
  const left = [...kinds]
  const drawn: QueuePlan[] = []
  for (let count = random.between(2, 4); count > 0; count--) {
    const [kind] = left.splice(random.below(left.length), 1)
    const made = kind?.(random)
    if (made === undefined) continue
    drawn.push({
      ...plainQueue,
      fan: random.chance(0.5),
      patterns: patterns.filter(() => random.chance(0.25)),
      ...made,
    })
  }
  if (random.chance(0.3)) drawn.push(...retryLoop(random))
  return [...drawn, deadQueue]
}

function retryLoop(random: RandomSource): readonly QueuePlan[] {
  const back = (key: string) => ({ exchange: '', key })
  return [
    { ...plainQueue, name: 'work', fan: true, deadLetter: back('wait') },
    { ...plainQueue, name: 'wait', ttlMs: random.between(100, 800), deadLetter: back('work') },
  ]
}

export function argumentsOf(queue: QueuePlan): HeaderTable {
  const { deadLetter } = queue
  const all: readonly (readonly [string, HeaderValue | undefined])[] = [
    ['x-queue-type', queue.type === 'quorum' ? 'quorum' : undefined],
    ['x-max-priority', queue.priorityMax || undefined],
    ['x-message-ttl', queue.ttlMs],
    ['x-max-length', queue.lengthMax],
    ['x-overflow', queue.lengthMax === undefined ? undefined : queue.overflow],
    ['x-delivery-limit', queue.deliveryLimit],
    ['x-single-active-consumer', queue.singleActive || undefined],
    ['x-dead-letter-exchange', deadLetter?.exchange],
    ['x-dead-letter-routing-key', deadLetter?.key],
  ]
  return new Map(all.filter((entry): entry is [string, HeaderValue] => entry[1] !== undefined))
}

/** Names of the queues that a message leads to. */
export function routeOf(
  queues: readonly QueuePlan[],
  exchange: string,
  key: string,
): readonly string[] {
  const taken = queues.filter((queue) => {
    if (exchange === '') return queue.name === key
    if (exchange === 'fan') return queue.fan
    if (exchange === 'dlx') return queue.name === deadQueue.name
    return queue.patterns.some((pattern) => matches(pattern.split('.'), key.split('.')))
  })
  return taken.map(({ name }) => name)
}

/** Where dead letters of that queue go; none when it has no exchange for them. */
export function deadLetterRoute(queues: readonly QueuePlan[], queue: QueuePlan): readonly string[] {
  const { deadLetter } = queue
  return deadLetter === undefined ? [] : routeOf(queues, deadLetter.exchange, deadLetter.key ?? '')
}

function matches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return words.length === 0
  if (first === '#') return words.some((_, n) => matches(rest, words.slice(n))) || matches(rest, [])
  return words.length > 0 && (first === '*' || first === words[0]) && matches(rest, words.slice(1))
}
