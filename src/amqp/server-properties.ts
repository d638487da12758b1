/*
 * What `connection.start` says of the server: who it is, and what it can do beyond the specification.
 */

import type { HeaderTable } from '../embedded/routing/header-value.ts'

/** RabbitMQ's names for its extensions; clients look for them before they use one. */
const capabilities = [
  'publisher_confirms',
  'exchange_exchange_bindings',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'consumer_priorities',
  'authentication_failure_close',
  'per_consumer_qos',
  'direct_reply_to',
  // Homing's own: the port on the wire.
  'homing_port',
] as const

/** The given properties and the capabilities. */
export function serverProperties(properties: HeaderTable): HeaderTable {
  const able: HeaderTable = new Map(capabilities.map((name) => [name, true]))
  return new Map([['capabilities', able], ...properties])
}
