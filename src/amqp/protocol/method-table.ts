/*
 * Every method of AMQP 0-9-1 as RabbitMQ speaks it: class, method, who sends it, its fields in order.
 *
 * Types of methods are derived from this table (methods.ts). Names are the specification's, in camel
 * case; `no-` and `arguments` are short as everybody writes them. Fields named `reserved…` are written
 * as nothing and skipped when read. Bits that follow each other share an octet.
 *
 *   text   a short string: a name, must be UTF-8      words   a long string that is text
 *   bytes  a long string of any bytes                 tag     64 bits, a whole number
 */

export type FieldKind =
  | 'bit'
  | 'octet'
  | 'short'
  | 'long'
  | 'tag'
  | 'text'
  | 'words'
  | 'bytes'
  | 'table'
export type MethodRow = readonly [
  classId: number,
  methodId: number,
  sender: 'client' | 'server' | 'both',
  fields: Readonly<Record<string, FieldKind>>,
]

const tuning = { channelMax: 'short', frameMax: 'long', heartbeat: 'short' } as const
const closing = {
  replyCode: 'short',
  replyText: 'text',
  classId: 'short',
  methodId: 'short',
} as const
const exchangeBinding = {
  reserved1: 'short',
  destination: 'text',
  source: 'text',
  routingKey: 'text',
  nowait: 'bit',
  args: 'table',
} as const
const settling = { deliveryTag: 'tag', multiple: 'bit' } as const

export const methodTable = {
  'connection.start': [
    10,
    10,
    'server',
    {
      versionMajor: 'octet',
      versionMinor: 'octet',
      serverProperties: 'table',
      mechanisms: 'words',
      locales: 'words',
    },
  ],
  'connection.start-ok': [
    10,
    11,
    'client',
    { clientProperties: 'table', mechanism: 'text', response: 'bytes', locale: 'text' },
  ],
  'connection.secure': [10, 20, 'server', { challenge: 'bytes' }],
  'connection.secure-ok': [10, 21, 'client', { response: 'bytes' }],
  'connection.tune': [10, 30, 'server', tuning],
  'connection.tune-ok': [10, 31, 'client', tuning],
  'connection.open': [
    10,
    40,
    'client',
    { virtualHost: 'text', reserved1: 'text', reserved2: 'bit' },
  ],
  'connection.open-ok': [10, 41, 'server', { reserved1: 'text' }],
  'connection.close': [10, 50, 'both', closing],
  'connection.close-ok': [10, 51, 'both', {}],
  'connection.blocked': [10, 60, 'server', { reason: 'text' }],
  'connection.unblocked': [10, 61, 'server', {}],
  'connection.update-secret': [10, 70, 'client', { newSecret: 'bytes', reason: 'text' }],
  'connection.update-secret-ok': [10, 71, 'server', {}],

  'channel.open': [20, 10, 'client', { reserved1: 'text' }],
  'channel.open-ok': [20, 11, 'server', { reserved1: 'bytes' }],
  'channel.flow': [20, 20, 'both', { active: 'bit' }],
  'channel.flow-ok': [20, 21, 'both', { active: 'bit' }],
  'channel.close': [20, 40, 'both', closing],
  'channel.close-ok': [20, 41, 'both', {}],

  // Gone from the specification since 0-9-1; old clients still send it and RabbitMQ still answers.
  'access.request': [
    30,
    10,
    'client',
    {
      realm: 'text',
      exclusive: 'bit',
      passive: 'bit',
      active: 'bit',
      write: 'bit',
      read: 'bit',
    },
  ],
  'access.request-ok': [30, 11, 'server', { ticket: 'short' }],

  'exchange.declare': [
    40,
    10,
    'client',
    {
      reserved1: 'short',
      exchange: 'text',
      type: 'text',
      passive: 'bit',
      durable: 'bit',
      autoDelete: 'bit',
      internal: 'bit',
      nowait: 'bit',
      args: 'table',
    },
  ],
  'exchange.declare-ok': [40, 11, 'server', {}],
  'exchange.delete': [
    40,
    20,
    'client',
    { reserved1: 'short', exchange: 'text', ifUnused: 'bit', nowait: 'bit' },
  ],
  'exchange.delete-ok': [40, 21, 'server', {}],
  'exchange.bind': [40, 30, 'client', exchangeBinding],
  'exchange.bind-ok': [40, 31, 'server', {}],
  'exchange.unbind': [40, 40, 'client', exchangeBinding],
  'exchange.unbind-ok': [40, 51, 'server', {}],

  'queue.declare': [
    50,
    10,
    'client',
    {
      reserved1: 'short',
      queue: 'text',
      passive: 'bit',
      durable: 'bit',
      exclusive: 'bit',
      autoDelete: 'bit',
      nowait: 'bit',
      args: 'table',
    },
  ],
  'queue.declare-ok': [
    50,
    11,
    'server',
    { queue: 'text', messageCount: 'long', consumerCount: 'long' },
  ],
  'queue.bind': [
    50,
    20,
    'client',
    {
      reserved1: 'short',
      queue: 'text',
      exchange: 'text',
      routingKey: 'text',
      nowait: 'bit',
      args: 'table',
    },
  ],
  'queue.bind-ok': [50, 21, 'server', {}],
  'queue.purge': [50, 30, 'client', { reserved1: 'short', queue: 'text', nowait: 'bit' }],
  'queue.purge-ok': [50, 31, 'server', { messageCount: 'long' }],
  'queue.delete': [
    50,
    40,
    'client',
    { reserved1: 'short', queue: 'text', ifUnused: 'bit', ifEmpty: 'bit', nowait: 'bit' },
  ],
  'queue.delete-ok': [50, 41, 'server', { messageCount: 'long' }],
  'queue.unbind': [
    50,
    50,
    'client',
    { reserved1: 'short', queue: 'text', exchange: 'text', routingKey: 'text', args: 'table' },
  ],
  'queue.unbind-ok': [50, 51, 'server', {}],

  'basic.qos': [60, 10, 'client', { prefetchSize: 'long', prefetchCount: 'short', global: 'bit' }],
  'basic.qos-ok': [60, 11, 'server', {}],
  'basic.consume': [
    60,
    20,
    'client',
    {
      reserved1: 'short',
      queue: 'text',
      consumerTag: 'text',
      noLocal: 'bit',
      noAck: 'bit',
      exclusive: 'bit',
      nowait: 'bit',
      args: 'table',
    },
  ],
  'basic.consume-ok': [60, 21, 'server', { consumerTag: 'text' }],
  'basic.cancel': [60, 30, 'both', { consumerTag: 'text', nowait: 'bit' }],
  'basic.cancel-ok': [60, 31, 'both', { consumerTag: 'text' }],
  'basic.publish': [
    60,
    40,
    'client',
    {
      reserved1: 'short',
      exchange: 'text',
      routingKey: 'text',
      mandatory: 'bit',
      immediate: 'bit',
    },
  ],
  'basic.return': [
    60,
    50,
    'server',
    { replyCode: 'short', replyText: 'text', exchange: 'text', routingKey: 'text' },
  ],
  'basic.deliver': [
    60,
    60,
    'server',
    {
      consumerTag: 'text',
      deliveryTag: 'tag',
      redelivered: 'bit',
      exchange: 'text',
      routingKey: 'text',
    },
  ],
  'basic.get': [60, 70, 'client', { reserved1: 'short', queue: 'text', noAck: 'bit' }],
  'basic.get-ok': [
    60,
    71,
    'server',
    {
      deliveryTag: 'tag',
      redelivered: 'bit',
      exchange: 'text',
      routingKey: 'text',
      messageCount: 'long',
    },
  ],
  'basic.get-empty': [60, 72, 'server', { reserved1: 'text' }],
  'basic.ack': [60, 80, 'both', settling],
  'basic.reject': [60, 90, 'client', { deliveryTag: 'tag', requeue: 'bit' }],
  'basic.recover-async': [60, 100, 'client', { requeue: 'bit' }],
  'basic.recover': [60, 110, 'client', { requeue: 'bit' }],
  'basic.recover-ok': [60, 111, 'server', {}],
  'basic.nack': [60, 120, 'both', { ...settling, requeue: 'bit' }],

  'confirm.select': [85, 10, 'client', { nowait: 'bit' }],
  'confirm.select-ok': [85, 11, 'server', {}],

  'tx.select': [90, 10, 'client', {}],
  'tx.select-ok': [90, 11, 'server', {}],
  'tx.commit': [90, 20, 'client', {}],
  'tx.commit-ok': [90, 21, 'server', {}],
  'tx.rollback': [90, 30, 'client', {}],
  'tx.rollback-ok': [90, 31, 'server', {}],
} as const satisfies Readonly<Record<string, MethodRow>>
