/*
 * The consumer of `homing.port` on a channel: bodies that are published to that name go to its session,
 * and what the session has to say is delivered to it.
 *
 *   basic.publish, routing key homing.port ─▶ PortSession ─▶ engine
 *   basic.deliver ◀──────────────────────────┘
 */

import { encodeProperties } from '../amqp/protocol/properties.ts'
import type { Later } from '../later.ts'
import { PlainMessage } from '../message/plain-message.ts'
import { PortSession, type PortSessionParts } from '../port-session/port-session.ts'
import { portQueue } from '../port-wire/frame.ts'
import type { Consumer, ConsumerSink } from './port.ts'

const noProperties = encodeProperties({})

export class PortConsumer implements Consumer {
  readonly queue = portQueue
  readonly consumerTag: string
  readonly #session: PortSession
  readonly #left: () => void
  #isOver = false

  constructor(
    consumerTag: string,
    parts: Omit<PortSessionParts, 'sink'> & { readonly sink: ConsumerSink; left(): void },
  ) {
    const { sink, left, ...others } = parts
    this.consumerTag = consumerTag
    this.#left = left
    this.#session = new PortSession({
      ...others,
      sink: {
        send: (body) => {
          const message = new PlainMessage('', portQueue, noProperties, body)
          sink.deliver(message, noProperties, false, undefined)
        },
        hasRoom: () => sink.mayDeliver(),
        atEndOfTurn: (writer) => sink.atEndOfTurn?.(writer),
        blockedFor: () => sink.blockedFor?.(),
      },
    })
  }

  /** Fails with `protocol-fault`: the channel is over then. */
  take(body: Uint8Array): Later<void> {
    return this.#session.take(body)
  }

  resume(): void {
    if (!this.#isOver) this.#session.resume()
  }

  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#session.close()
    this.#left()
  }
}
