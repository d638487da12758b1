/*
 * What a virtual host refuses, in the words of RabbitMQ: libraries match on some of them.
 */

import {
  AmqpError,
  type ErrorScope,
  notFound,
  preconditionFailed,
  resourceLocked,
} from '../amqp/protocol/amqp-error.ts'
import { errorCodes, HomingError } from '../errors.ts'
import { type Resource, shown } from './resource.ts'

export const noSuch = (resource: Resource): AmqpError => notFound(`no ${shown(resource)}`)

export const inUse = (resource: Resource): AmqpError =>
  preconditionFailed(`${shown(resource)} in use`)

export const notEmpty = (resource: Resource): AmqpError =>
  preconditionFailed(`${shown(resource)} not empty`)

export const lockedQueue = (resource: Resource): AmqpError =>
  resourceLocked(
    `cannot obtain exclusive access to locked ${shown(resource)}. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.`,
  )

export const noQueueDeclared = (): AmqpError => notFound('no previously declared queue')

/** What the engine refused, as AMQP tells it; anything else as it is. */
export function inAmqpWords(error: unknown): unknown {
  if (!(error instanceof HomingError) || !Object.hasOwn(errorCodes, error.code)) return error
  const { amqp, closes } = errorCodes[error.code as keyof typeof errorCodes]
  const scope: ErrorScope =
    closes === 'connection' || closes === 'engine' ? 'connection' : 'channel'
  const refusal = new AmqpError(
    amqp,
    `${replyNames.get(amqp) ?? 'ERROR'} - ${error.message}`,
    scope,
  )
  refusal.cause = error
  return refusal
}

/** Runs what asks the engine, and tells its refusals in the words of AMQP. */
export function spoken<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw inAmqpWords(error)
  }
}

const replyNames: ReadonlyMap<number, string> = new Map([
  [311, 'CONTENT_TOO_LARGE'],
  [312, 'NO_ROUTE'],
  [320, 'CONNECTION_FORCED'],
  [403, 'ACCESS_REFUSED'],
  [404, 'NOT_FOUND'],
  [405, 'RESOURCE_LOCKED'],
  [406, 'PRECONDITION_FAILED'],
  [506, 'RESOURCE_ERROR'],
  [540, 'NOT_IMPLEMENTED'],
  [541, 'INTERNAL_ERROR'],
])
