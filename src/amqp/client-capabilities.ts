/*
 * What a client can do beyond the specification, as its client properties say (RabbitMQ's extension).
 */

import type { HeaderTable } from '../embedded/routing/header-value.ts'

export interface ClientCapabilities {
  /** Takes a `connection.close` as the answer to a bad login. */
  readonly authenticationFailureClose: boolean
  /** Takes a `basic.cancel` when its queue is gone. */
  readonly consumerCancelNotify: boolean
  /** Takes `connection.blocked` and `connection.unblocked`. */
  readonly connectionBlocked: boolean
}

export const noCapabilities: ClientCapabilities = {
  authenticationFailureClose: false,
  consumerCancelNotify: false,
  connectionBlocked: false,
}

export function capabilitiesOf(clientProperties: HeaderTable): ClientCapabilities {
  const table = clientProperties.get('capabilities')
  if (!(table instanceof Map)) return noCapabilities
  const can = (name: string): boolean => table.get(name) === true
  return {
    authenticationFailureClose: can('authentication_failure_close'),
    consumerCancelNotify: can('consumer_cancel_notify'),
    connectionBlocked: can('connection.blocked'),
  }
}

/** The name a client gives its connection; '' when it gives none. */
export function givenNameOf(clientProperties: HeaderTable): string {
  const name = clientProperties.get('connection_name')
  return typeof name === 'string' ? name : ''
}
