/*
 * Names that the broker makes for queues: `amq.gen-RANDOM`, or `PREFIX-RANDOM` where the declaration
 * has `x-name-prefix`, as since RabbitMQ 4.3.
 *
 * Rule: what is no text, or empty, counts as none. The argument is not kept with the queue, and means
 * nothing where the queue has a name. No prefix leads into the names that are the broker's own.
 */

import { preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import type { HeaderTable } from '../embedded/routing/header-value.ts'
import { limits } from '../limits.ts'
import { checkReserved, withoutLineEnds } from './resource.ts'

const prefixArgument = 'x-name-prefix'
const usualPrefix = 'amq.gen'
const randomLength = 16

/** Refused with 406 when the prefix is too long, with 403 when it is reserved. */
export function serverName(
  virtualHost: string,
  args: HeaderTable,
  randomBytes: (count: number) => Uint8Array,
): string {
  const random = Buffer.from(randomBytes(randomLength)).toString('base64url')
  return `${prefixIn(virtualHost, args)}-${random}`
}

/** The arguments that are kept with the queue. */
export function withoutNamePrefix(args: HeaderTable): HeaderTable {
  if (!args.has(prefixArgument)) return args
  return new Map([...args].filter(([name]) => name !== prefixArgument))
}

function prefixIn(virtualHost: string, args: HeaderTable): string {
  const asked = args.get(prefixArgument)
  const prefix = typeof asked === 'string' ? withoutLineEnds(asked) : ''
  if (prefix === '' || prefix === usualPrefix) return usualPrefix
  const bytes = Buffer.byteLength(prefix)
  if (bytes > limits.namePrefixBytesMax)
    throw preconditionFailed(
      `invalid arg '${prefixArgument}': ${bytes} bytes of at most ${limits.namePrefixBytesMax}`,
    )
  checkReserved({ kind: 'queue', name: prefix, virtualHost })
  return prefix
}
