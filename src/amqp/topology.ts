/*
 * Exchanges and queues: declare, delete, bind, unbind, purge, each asked of the virtual host and
 * answered unless the client wants no answer (nowait). Line ends are cut out of names, as in RabbitMQ.
 */

import { after, type Later } from '../later.ts'
import type { BindingRequest, QueueDeclared } from '../virtual-host/port.ts'
import type { ChannelLine } from './channel-line.ts'
import type { MethodNamed, ServerMethod } from './protocol/methods.ts'

type ExchangeMethod = MethodNamed<
  'exchange.declare' | 'exchange.delete' | 'exchange.bind' | 'exchange.unbind'
>
type QueueMethod = MethodNamed<
  'queue.declare' | 'queue.delete' | 'queue.purge' | 'queue.bind' | 'queue.unbind'
>

export function onExchange(line: ChannelLine, method: ExchangeMethod): Later<void> {
  const { host } = line
  const answer = answerer(line, method.nowait)
  switch (method.name) {
    case 'exchange.declare':
      return after(declareExchange(line, method), () => answer({ name: 'exchange.declare-ok' }))
    case 'exchange.delete':
      return after(host.deleteExchange(line, plainName(method.exchange), method.ifUnused), () =>
        answer({ name: 'exchange.delete-ok' }),
      )
    case 'exchange.bind':
      return after(host.bindExchange(line, bindingOf(method)), () =>
        answer({ name: 'exchange.bind-ok' }),
      )
    case 'exchange.unbind':
      return after(host.unbindExchange(line, bindingOf(method)), () =>
        answer({ name: 'exchange.unbind-ok' }),
      )
    default:
      return method satisfies never
  }
}

export function onQueue(line: ChannelLine, method: QueueMethod): Later<void> {
  const { host } = line
  const answer = answerer(line, 'nowait' in method && method.nowait)
  switch (method.name) {
    case 'queue.declare':
      return after(declareQueue(line, method), ({ name: queue, messages, consumers }) =>
        answer({
          name: 'queue.declare-ok',
          queue,
          messageCount: messages,
          consumerCount: consumers,
        }),
      )
    case 'queue.delete':
      return after(
        host.deleteQueue(line, plainName(method.queue), method.ifUnused, method.ifEmpty),
        (messageCount) => answer({ name: 'queue.delete-ok', messageCount }),
      )
    case 'queue.purge':
      return after(host.purgeQueue(line, plainName(method.queue)), (messageCount) =>
        answer({ name: 'queue.purge-ok', messageCount }),
      )
    case 'queue.bind':
      return after(host.bindQueue(line, queueBindingOf(method)), () =>
        answer({ name: 'queue.bind-ok' }),
      )
    case 'queue.unbind':
      return after(host.unbindQueue(line, queueBindingOf(method)), () =>
        answer({ name: 'queue.unbind-ok' }),
      )
    default:
      return method satisfies never
  }
}

function declareExchange(line: ChannelLine, method: MethodNamed<'exchange.declare'>): Later<void> {
  const name = plainName(method.exchange)
  if (method.passive) return line.host.checkExchange(line, name)
  const { type, durable, autoDelete, internal, args } = method
  return line.host.declareExchange(line, { name, type, durable, autoDelete, internal, args })
}

function declareQueue(
  line: ChannelLine,
  method: MethodNamed<'queue.declare'>,
): Later<QueueDeclared> {
  const name = plainName(method.queue)
  if (method.passive) return line.host.checkQueue(line, name)
  const { durable, exclusive, autoDelete, args } = method
  return line.host.declareQueue(line, { name, durable, exclusive, autoDelete, args })
}

function bindingOf(method: MethodNamed<'exchange.bind' | 'exchange.unbind'>): BindingRequest {
  const { destination, source, routingKey, args } = method
  return { destination: plainName(destination), source: plainName(source), routingKey, args }
}

function queueBindingOf(method: MethodNamed<'queue.bind' | 'queue.unbind'>): BindingRequest {
  const { queue, exchange, routingKey, args } = method
  return { destination: plainName(queue), source: plainName(exchange), routingKey, args }
}

const answerer =
  (line: ChannelLine, nowait: boolean) =>
  (method: ServerMethod): void => {
    if (!nowait) line.send(method)
  }

const plainName = (name: string): string =>
  /[\r\n]/.test(name) ? name.replace(/[\r\n]/g, '') : name
