/*
 * Queues and exchanges of a virtual host, by name: how refusals speak of them, what their names may be.
 */

import { accessRefused, preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import { defaultExchange } from '../embedded/routing/exchange.ts'
import { limits } from '../limits.ts'

export type ResourceKind = 'queue' | 'exchange'

export interface Resource {
  readonly kind: ResourceKind
  readonly name: string
  readonly virtualHost: string
}

/** As RabbitMQ's texts name it, which some clients match on. */
export const shown = ({ kind, name, virtualHost }: Resource): string =>
  `${kind} '${name}' in vhost '${virtualHost}'`

/** Clients are known to send names with line ends; RabbitMQ takes them out. */
export const withoutLineEnds = (name: string): string =>
  name.includes('\n') || name.includes('\r') ? name.replaceAll(/[\r\n]/g, '') : name

/** Refused with 403. */
export function checkReserved({ kind, name }: Resource): void {
  if (name.startsWith('amq.'))
    throw accessRefused(`${kind} name '${name}' contains reserved prefix 'amq.*'`)
}

/** Whether something new may have that name. Refused with 406. */
export function checkNewName({ kind, name }: Resource): void {
  // They break logs and terminals, and one of them parts virtual hosts from each other.
  if (/\p{Cc}/u.test(name))
    throw preconditionFailed(`${kind} name ${JSON.stringify(name)} has a control character`)
  if (Buffer.byteLength(name) > limits.nameBytesMax || !name.isWellFormed())
    throw preconditionFailed(`${kind} name '${name.slice(0, 40)}' is too long or not UTF-8`)
}

export function refuseDefaultExchange({ kind, name }: Resource): void {
  if (kind === 'exchange' && name === defaultExchange)
    throw accessRefused('operation not permitted on the default exchange')
}
