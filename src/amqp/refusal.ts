/*
 * Whatever was thrown, as the refusal a client is told.
 */

import { errorCodes, HomingError } from '../errors.ts'
import { machineErrors } from '../machine-errors.ts'
import * as refusals from './protocol/amqp-error.ts'

/** The client is not told what broke inside: that is for the log. */
export function refusalOf(thrown: unknown): refusals.AmqpError {
  if (thrown instanceof refusals.AmqpError) return thrown
  if (thrown instanceof HomingError && Object.hasOwn(errorCodes, thrown.code))
    return engineRefusal(thrown)
  return refusals.internalError('the broker failed; see its log')
}

function engineRefusal(error: HomingError): refusals.AmqpError {
  const { amqp, closes, meaning } = errorCodes[error.code as keyof typeof errorCodes]
  const make = byCode.get(amqp) ?? refusals.internalError
  const text = machineErrors.has(error.code) ? meaning : error.message
  return make(text, closes === 'channel' ? 'channel' : 'connection')
}

const byCode: ReadonlyMap<number, refusals.Refusal> = new Map([
  [311, refusals.contentTooLarge],
  [312, refusals.noRoute],
  [320, refusals.connectionForced],
  [403, refusals.accessRefused],
  [404, refusals.notFound],
  [405, refusals.resourceLocked],
  [406, refusals.preconditionFailed],
  [506, refusals.resourceError],
  [540, refusals.notImplemented],
])

/** Fills in what was being worked on, unless the error says so itself. */
export function withMethod(error: refusals.AmqpError, id: number): refusals.AmqpError {
  if (error.classId !== 0) return error
  error.classId = id >>> 16
  error.methodId = id & 0xffff
  return error
}
