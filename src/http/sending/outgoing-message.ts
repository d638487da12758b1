/*
 * Messages that came by HTTP, made ready for the engine: rights, names of the virtual host, settings.
 *
 * Rule: an id that was chosen is looked up, one that was made here is not.
 */

import type { Engine } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Message } from '../../message/message.ts'
import { checkId } from '../../name.ts'
import type { Entrance } from '../entrances.ts'
import { type GivenOptions, metaFrom, timingFrom } from './send-options.ts'

export interface Outgoing {
  readonly queue: string
  readonly id: string | undefined
  readonly contentType: string
  readonly body: Uint8Array
  readonly options: GivenOptions
}

/** Fails with `access-refused`, `queue-unknown`, `bad-argument`, `bad-duration`, `bad-name`. */
export function outgoingMessage(
  engine: Engine,
  { access, names }: Entrance,
  { queue, id, contentType, body, options }: Outgoing,
): Message {
  access.checkPublish('', queue)
  if (id !== undefined) checkId(id)
  if (body.length > limits.bodyBytesMax) throw tooLarge(body.length)
  const meta = metaFrom(options)
  const { callbacks } = meta ?? {}
  if (callbacks !== undefined) access.checkCallbacks(callbacks.map(({ name }) => name))
  const scoped = callbacks?.map((to) => ({ ...to, name: names.callbackIn(to.name) }))
  return {
    id: names.idIn(id ?? engine.mintId()),
    idChosen: id !== undefined,
    exchange: '',
    routingKey: names.in(queue),
    contentType,
    body,
    priority: options.priority ?? 0,
    ...timingFrom(options, engine.nowMs()),
    attemptsMax: options.attempts ?? limits.attemptsDefault,
    meta: scoped === undefined ? meta : { ...meta, callbacks: scoped },
  }
}

const tooLarge = (bytes: number): HomingError =>
  new HomingError(
    'message-too-large',
    `the body has ${bytes} bytes, ${limits.bodyBytesMax} are allowed; store it elsewhere and send its address`,
  )
