/*
 * The arguments of queue.declare and basic.consume: which there are, which type of queue has them,
 * what their values may be.
 *
 *   x-queue-type ─▶ is it known? ─▶ each argument of that type: is its value right?
 *                                ─▶ any argument of another type only: refused
 *
 * Unknown arguments are kept and have no meaning. Where RabbitMQ 3.x and 4.x differ, what either of
 * them accepts is accepted. All is refused with 406, except queues of type stream (540).
 */

import { notImplemented, preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import type { HeaderTable } from '../embedded/routing/header-value.ts'
import {
  type ArgumentCheck,
  bool,
  deadLetterRoutingKey,
  duration,
  durationAboveZero,
  integer,
  notNegative,
  oneOf,
  positive,
  priorityMax,
  queueVersion,
  text,
} from './argument-checks.ts'
import { type Resource, shown } from './resource.ts'

export type QueueType = 'classic' | 'quorum'

export const queueTypeArgument = 'x-queue-type'
const queueTypes = ['classic', 'quorum', 'stream']

interface KnownArgument {
  readonly check: ArgumentCheck
  /** The types that have it. */
  readonly types: readonly string[]
}

const everywhere = ['classic', 'quorum']
const known = (types: readonly string[], check: ArgumentCheck): KnownArgument => ({ types, check })

const unsupported =
  (what: string) =>
  (value: string): string =>
    `"unsupported ${what} '${value}'"`

const queueArguments: ReadonlyMap<string, KnownArgument> = new Map([
  [queueTypeArgument, known(queueTypes, oneOf(queueTypes, unsupported('queue type')))],
  ['x-expires', known(everywhere, durationAboveZero)],
  ['x-message-ttl', known(everywhere, duration)],
  ['x-dead-letter-exchange', known(everywhere, text)],
  ['x-dead-letter-routing-key', known(everywhere, deadLetterRoutingKey)],
  [
    'x-dead-letter-strategy',
    known(
      ['quorum'],
      oneOf(['at-most-once', 'at-least-once'], () => 'invalid_dlx_strategy'),
    ),
  ],
  ['x-max-length', known(everywhere, notNegative)],
  ['x-max-length-bytes', known(queueTypes, notNegative)],
  ['x-max-in-memory-length', known(['quorum'], notNegative)],
  ['x-max-in-memory-bytes', known(['quorum'], notNegative)],
  ['x-max-priority', known(['classic'], priorityMax)],
  [
    'x-overflow',
    known(
      everywhere,
      oneOf(['drop-head', 'reject-publish', 'reject-publish-dlx'], () => 'invalid_overflow'),
    ),
  ],
  ['x-queue-mode', known(['classic'], oneOf(['default', 'lazy'], unsupported('queue mode')))],
  ['x-queue-version', known(['classic'], queueVersion)],
  ['x-queue-master-locator', known(['classic'], text)],
  [
    'x-queue-leader-locator',
    known(
      ['quorum', 'stream'],
      oneOf(
        ['client-local', 'balanced', 'random', 'least-leaders'],
        () => 'invalid_queue_locator_arg',
      ),
    ),
  ],
  ['x-single-active-consumer', known(everywhere, bool)],
  ['x-consumer-timeout', known(everywhere, durationAboveZero)],
  ['x-delivery-limit', known(['quorum'], integer)],
  // Homing's own: the message_id is the message's id, and a second one is dropped.
  ['x-homing-deduplicate', known(everywhere, bool)],
  ['x-quorum-initial-group-size', known(['quorum'], positive)],
  ['x-max-age', known(['stream'], text)],
  ['x-stream-max-segment-size-bytes', known(['stream'], notNegative)],
  ['x-initial-cluster-size', known(['stream'], positive)],
])

const consumeArguments: ReadonlyMap<string, KnownArgument> = new Map([
  ['x-priority', known(everywhere, integer)],
  ['x-cancel-on-ha-failover', known(['classic'], bool)],
  ['x-consumer-timeout', known(everywhere, durationAboveZero)],
  ['x-stream-offset', known(['stream'], text)],
  ['x-stream-filter', known(['stream'], text)],
])

/** The arguments that are compared when a queue is declared again. */
export const comparedArguments = (type: QueueType): readonly string[] =>
  [...queueArguments].filter(([, { types }]) => types.includes(type)).map(([name]) => name)

/** The type a queue is declared with, whether or not it is one. */
export const queueTypeIn = (args: HeaderTable): string => {
  const asked = args.get(queueTypeArgument)
  return typeof asked === 'string' ? asked : 'classic'
}

/** As RabbitMQ's texts call it. */
export const moduleOf = (type: string): string => `rabbit_${type}_queue`

export function checkQueueArguments(queue: Resource, args: HeaderTable, type: string): void {
  const asked = args.get(queueTypeArgument)
  if (asked !== undefined) checkOne(queue, [queueTypeArgument, known(queueTypes, typeCheck)], args)
  if (type === 'stream') {
    throw notImplemented(
      `queues of type stream are not supported by Homing; ${shown(queue)} was not declared`,
    )
  }
  checkArguments(queue, queueArguments, { args, type })
}

export const checkConsumeArguments = (queue: Resource, args: HeaderTable, type: QueueType): void =>
  checkArguments(queue, consumeArguments, { args, type })

const typeCheck = (queueArguments.get(queueTypeArgument) as KnownArgument).check

function checkArguments(
  queue: Resource,
  table: ReadonlyMap<string, KnownArgument>,
  { args, type }: { readonly args: HeaderTable; readonly type: string },
): void {
  for (const argument of table)
    if (argument[1].types.includes(type)) checkOne(queue, argument, args)
  for (const name of args.keys()) {
    if (table.get(name)?.types.includes(type) === false)
      throw preconditionFailed(
        `invalid arg '${name}' for ${shown(queue)} of queue type ${moduleOf(type)}`,
      )
  }
}

function checkOne(
  queue: Resource,
  [name, { check }]: readonly [string, KnownArgument],
  args: HeaderTable,
): void {
  const value = args.get(name)
  const fault = value === undefined ? undefined : check(value, args)
  if (fault !== undefined)
    throw preconditionFailed(`invalid arg '${name}' for ${shown(queue)}: ${fault}`)
}
