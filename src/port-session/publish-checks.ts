/*
 * Messages of a client, made ready for the engine: names of the virtual host, rights, and every id
 * looked up.
 *
 * Rule: every id that comes over the wire is looked up, whether it was chosen or not: that nobody has it
 * yet is not for a client to promise.
 */

import { checkProperties } from '../amqp/protocol/properties.ts'
import { HomingError } from '../errors.ts'
import type { Message, MessageMeta } from '../message/message.ts'
import type { PortAccess } from './access.ts'
import type { Names } from './names.ts'
import { metaFrom } from './requests.ts'

export class PublishChecks {
  readonly #access: PortAccess
  readonly #names: Names

  constructor(access: PortAccess, names: Names) {
    this.#access = access
    this.#names = names
  }

  /** Fails as an AMQP publish does, and with `bad-name`, `bad-argument`, `unsupported`. */
  message(message: Message): Message {
    const { exchange, routingKey, meta, properties } = message
    this.#access.checkPublish(exchange, routingKey)
    if (properties !== undefined) {
      checkedProperties(properties)
      this.#access.checkSender(properties)
    }
    return this.#names.messageIn(message, meta && this.#meta(meta))
  }

  #meta(came: MessageMeta): MessageMeta {
    const meta = metaFrom(came)
    if (meta.callbacks !== undefined)
      this.#access.checkCallbacks(meta.callbacks.map(({ name }) => name))
    return meta
  }
}

function checkedProperties(properties: Uint8Array): void {
  try {
    checkProperties(properties)
  } catch (cause) {
    throw new HomingError('bad-argument', 'the properties of a message cannot be read', { cause })
  }
}
