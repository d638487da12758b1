/*
 * Which channels speak the port (docs/port-on-the-wire.md): those with a consumer of `homing.port`.
 */

import { notFound, preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import type { Later } from '../later.ts'
import type { PortAccess } from '../port-session/access.ts'
import { portQueue } from '../port-wire/frame.ts'
import type { HostExchanges } from './host-exchanges.ts'
import type { HostParts } from './host-parts.ts'
import type { HostQueues } from './host-queues.ts'
import type {
  ChannelSession,
  ConsumeRequest,
  Consumer,
  ConsumerSink,
  PublishFate,
  Session,
} from './port.ts'
import { HostPortAccess } from './port-access.ts'
import { PortConsumer } from './port-consumer.ts'

export interface PortChannelsParts extends HostParts {
  readonly queues: HostQueues
  readonly exchanges: HostExchanges
}

export class PortChannels {
  readonly #parts: PortChannelsParts
  readonly #consumers = new WeakMap<ChannelSession, PortConsumer>()
  /** Connections that have one: what a client can make a session hold is bounded for all of it. */
  readonly #taken = new WeakSet<Session>()

  constructor(parts: PortChannelsParts) {
    this.#parts = parts
  }

  /** One such consumer a connection, without acknowledgement. Refused with 404, 406. */
  consume(channel: ChannelSession, request: ConsumeRequest, sink: ConsumerSink): Consumer {
    const { engine, door, onProblem } = this.#parts
    if (engine === undefined) throw notFound(`no engine behind '${portQueue}'`)
    if (!request.noAck) throw preconditionFailed(`consumer of '${portQueue}' cannot acknowledge`)
    const { session } = channel
    if (this.#taken.has(session))
      throw preconditionFailed(`a second consumer of '${portQueue}' on one connection`)
    const access = this.access(session)
    const consumer = new PortConsumer(request.consumerTag, {
      engine,
      access,
      sink,
      onProblem,
      resume: (queue) => {
        const live = door.queue(queue)
        if (live !== undefined) door.resume(live)
      },
      left: () => {
        this.#consumers.delete(channel)
        this.#taken.delete(session)
      },
    })
    this.#consumers.set(channel, consumer)
    this.#taken.add(session)
    return consumer
  }

  access(session: Session): PortAccess {
    return new HostPortAccess({ ...this.#parts, session })
  }

  /** Calls of one body. Refused with 406 when the channel has no consumer for their answers. */
  take(channel: ChannelSession, body: Uint8Array): Later<PublishFate> {
    const later = this.#of(channel).take(body)
    return later === undefined ? 'done' : later.then(() => 'done')
  }

  check(channel: ChannelSession): void {
    this.#of(channel)
  }

  #of(channel: ChannelSession): PortConsumer {
    const consumer = this.#consumers.get(channel)
    if (consumer !== undefined) return consumer
    throw preconditionFailed(
      `consume '${portQueue}' on this channel, without acknowledgement, before publishing to it`,
    )
  }
}
