/*
 * Names and values that spans have. The messaging conventions of OpenTelemetry are not stable yet: when
 * they change, this file does, and no other.
 */

export const spanAttributes = {
  system: 'messaging.system',
  operation: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  /** The queue's name. */
  destination: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  bodyBytes: 'messaging.message.body.size',
  batchCount: 'messaging.batch.message_count',
  /** A code of src/errors.ts, of an outcome, or the name of a declared error. */
  errorType: 'error.type',
  /** Not of the conventions: the number of this attempt, 1 for the first. */
  attempt: 'homing.attempt',
  /** Attempts made, when there is an outcome. */
  attempts: 'homing.attempts',
  /** Of AMQP; not of the default one. */
  virtualHost: 'homing.virtual_host',
  /** The id was known: nothing new was sent. */
  duplicate: 'homing.duplicate',
  /**
   * How the attempt ended: `final`, `retry`, `acknowledge`, `revoked`; told by the broker: `settled`,
   * `retry`, `return`, `reject`, `revoked`.
   */
  settlement: 'homing.settlement',
  /** `ok`, or the outcome's code. */
  outcome: 'homing.outcome',
} as const

export const messagingSystem = 'homing'

/** Operations as spans are named by: `send orders`. Types are those of the conventions. */
export const spanOperations = {
  send: { name: 'send', type: 'send' },
  call: { name: 'call', type: undefined },
  wait: { name: 'wait', type: undefined },
  process: { name: 'process', type: 'process' },
  callback: { name: 'callback', type: 'process' },
} as const

export type SpanOperation = keyof typeof spanOperations

/** What the broker does. */
export const brokerSpanOperations = {
  queue: { name: 'queue', type: undefined },
  deliver: { name: 'deliver', type: 'receive' },
  outcome: { name: 'outcome', type: 'settle' },
} as const

export type BrokerSpanOperation = keyof typeof brokerSpanOperations
