/*
 * The methods of AMQP 0-9-1 and of RabbitMQ's extensions, written down a second time: the raw client
 * must not share a table with the broker that it judges.
 *
 *   class.method  class id  method id  name:type …
 *
 * Types: bit (neighbours share an octet), octet, short, long, longlong, shortstr, longstr, table.
 * Names are those of the specification in camel case; r1, r2 … are reserved.
 */

const text = `
connection.start 10 10 versionMajor:octet versionMinor:octet serverProperties:table mechanisms:longstr locales:longstr
connection.start-ok 10 11 clientProperties:table mechanism:shortstr response:longstr locale:shortstr
connection.secure 10 20 challenge:longstr
connection.secure-ok 10 21 response:longstr
connection.tune 10 30 channelMax:short frameMax:long heartbeat:short
connection.tune-ok 10 31 channelMax:short frameMax:long heartbeat:short
connection.open 10 40 virtualHost:shortstr r1:shortstr r2:bit
connection.open-ok 10 41 r1:shortstr
connection.close 10 50 replyCode:short replyText:shortstr classId:short methodId:short
connection.close-ok 10 51
connection.blocked 10 60 reason:shortstr
connection.unblocked 10 61
connection.update-secret 10 70 newSecret:longstr reason:shortstr
connection.update-secret-ok 10 71
channel.open 20 10 r1:shortstr
channel.open-ok 20 11 r1:longstr
channel.flow 20 20 active:bit
channel.flow-ok 20 21 active:bit
channel.close 20 40 replyCode:short replyText:shortstr classId:short methodId:short
channel.close-ok 20 41
access.request 30 10 realm:shortstr exclusive:bit passive:bit active:bit write:bit read:bit
access.request-ok 30 11 ticket:short
exchange.declare 40 10 r1:short exchange:shortstr type:shortstr passive:bit durable:bit autoDelete:bit internal:bit nowait:bit arguments:table
exchange.declare-ok 40 11
exchange.delete 40 20 r1:short exchange:shortstr ifUnused:bit nowait:bit
exchange.delete-ok 40 21
exchange.bind 40 30 r1:short destination:shortstr source:shortstr routingKey:shortstr nowait:bit arguments:table
exchange.bind-ok 40 31
exchange.unbind 40 40 r1:short destination:shortstr source:shortstr routingKey:shortstr nowait:bit arguments:table
exchange.unbind-ok 40 51
queue.declare 50 10 r1:short queue:shortstr passive:bit durable:bit exclusive:bit autoDelete:bit nowait:bit arguments:table
queue.declare-ok 50 11 queue:shortstr messageCount:long consumerCount:long
queue.bind 50 20 r1:short queue:shortstr exchange:shortstr routingKey:shortstr nowait:bit arguments:table
queue.bind-ok 50 21
queue.purge 50 30 r1:short queue:shortstr nowait:bit
queue.purge-ok 50 31 messageCount:long
queue.delete 50 40 r1:short queue:shortstr ifUnused:bit ifEmpty:bit nowait:bit
queue.delete-ok 50 41 messageCount:long
queue.unbind 50 50 r1:short queue:shortstr exchange:shortstr routingKey:shortstr arguments:table
queue.unbind-ok 50 51
basic.qos 60 10 prefetchSize:long prefetchCount:short global:bit
basic.qos-ok 60 11
basic.consume 60 20 r1:short queue:shortstr consumerTag:shortstr noLocal:bit noAck:bit exclusive:bit nowait:bit arguments:table
basic.consume-ok 60 21 consumerTag:shortstr
basic.cancel 60 30 consumerTag:shortstr nowait:bit
basic.cancel-ok 60 31 consumerTag:shortstr
basic.publish 60 40 r1:short exchange:shortstr routingKey:shortstr mandatory:bit immediate:bit
basic.return 60 50 replyCode:short replyText:shortstr exchange:shortstr routingKey:shortstr
basic.deliver 60 60 consumerTag:shortstr deliveryTag:longlong redelivered:bit exchange:shortstr routingKey:shortstr
basic.get 60 70 r1:short queue:shortstr noAck:bit
basic.get-ok 60 71 deliveryTag:longlong redelivered:bit exchange:shortstr routingKey:shortstr messageCount:long
basic.get-empty 60 72 r1:shortstr
basic.ack 60 80 deliveryTag:longlong multiple:bit
basic.reject 60 90 deliveryTag:longlong requeue:bit
basic.recover-async 60 100 requeue:bit
basic.recover 60 110 requeue:bit
basic.recover-ok 60 111
basic.nack 60 120 deliveryTag:longlong multiple:bit requeue:bit
confirm.select 85 10 nowait:bit
confirm.select-ok 85 11
tx.select 90 10
tx.select-ok 90 11
tx.commit 90 20
tx.commit-ok 90 21
tx.rollback 90 30
tx.rollback-ok 90 31
`

export interface MethodField {
  readonly name: string
  readonly type: string
}

export interface MethodLayout {
  readonly name: string
  readonly classId: number
  readonly methodId: number
  readonly fields: readonly MethodField[]
}

const all = text.trim().split('\n').map(layoutOf)
const byName = new Map(all.map((layout) => [layout.name, layout]))
const byId = new Map(all.map((layout) => [layout.classId * 0x10000 + layout.methodId, layout]))

function layoutOf(line: string): MethodLayout {
  const [name = '', classId = '', methodId = '', ...fields] = line.split(' ')
  return {
    name,
    classId: Number(classId),
    methodId: Number(methodId),
    fields: fields.map((field) => {
      const [fieldName = '', type = ''] = field.split(':')
      return { name: fieldName, type }
    }),
  }
}

export function layoutNamed(name: string): MethodLayout {
  const layout = byName.get(name)
  if (layout === undefined) throw new Error(`no method is called ${name}`)
  return layout
}

export function layoutWithId(classId: number, methodId: number): MethodLayout | undefined {
  return byId.get(classId * 0x10000 + methodId)
}

/** Methods that a content header follows. */
export const carriesContent = (name: string): boolean =>
  ['basic.publish', 'basic.return', 'basic.deliver', 'basic.get-ok'].includes(name)
