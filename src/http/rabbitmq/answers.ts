/*
 * Answers that many rows have.
 */

import { HomingError } from '../../errors.ts'
import type { ChannelSession, VirtualHost } from '../../virtual-host/port.ts'
import type { Call } from '../call.ts'
import type { Answer, AnswerShape } from '../route.ts'

export const created: Answer = { status: 201 }
export const noContent: Answer = { status: 204 }

export const putAnswers: Readonly<Record<number, AnswerShape>> = {
  201: { description: 'Made.' },
  204: { description: 'There already; changed where that can be.' },
}

export const doneAnswers: Readonly<Record<number, AnswerShape>> = {
  204: { description: 'Done.' },
}

/** The virtual host of the path. Fails with `definition-unknown` while it is being removed. */
export function hostOf(call: Pick<Call, 'site' | 'param'>): VirtualHost {
  const name = call.param('vhost')
  const host = call.site.hosts.find(name)
  if (host !== undefined) return host
  throw new HomingError('definition-unknown', `there is no virtual host "${name}"`)
}

/** As a channel of a connection of the caller would ask. */
export const channelOf = (call: Pick<Call, 'caller' | 'param'>): ChannelSession => ({
  session: call.caller.session(call.param('vhost')),
  lastQueue: '',
  replyConsumer: undefined,
})

export const unknownQueue = (name: string, vhost: string): HomingError =>
  new HomingError('queue-unknown', `there is no queue "${name}" in virtual host "${vhost}"`)

export const unknownExchange = (name: string, vhost: string): HomingError =>
  new HomingError('exchange-unknown', `there is no exchange "${name}" in virtual host "${vhost}"`)

export const unknownThing = (what: string): HomingError =>
  new HomingError('definition-unknown', `there is no ${what}`)
