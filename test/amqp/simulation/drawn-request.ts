/*
 * Requests: messages that ask for a result. Either a reply_to and a correlation_id, as every client
 * does it, or `x-homing-notify`, which lets the broker itself tell.
 */

import type { HeaderValue } from '../../../src/embedded/routing/header-value.ts'
import { asksQueue, repliesQueue } from './broker-plan.ts'
import { type Drawn, drawn } from './drawn-message.ts'
import type { Site } from './site.ts'

/** Sent before, to be sent again: the same bytes under the same id. */
const sentBefore = new WeakMap<Site, Drawn[]>()

export function drawRequest(site: Site): Drawn {
  const { random } = site
  const before = sentBefore.get(site) ?? []
  sentBefore.set(site, before)
  if (before.length > 0 && random.chance(0.15)) return random.pick(before)
  const token = `q${site.next('token')}`
  const chosen = random.chance(0.4)
  const notify = random.chance(0.5) ? random.pick(['all', 'failure']) : undefined
  const timed = random.chance(0.4)
  const headers: readonly (readonly [string, HeaderValue])[] = [
    ...(chosen ? [['x-homing-id', `id-${token}`] as const] : []),
    ...(notify ? [['x-homing-notify', notify] as const] : []),
    ...(timed ? [['x-homing-timeout', random.between(100, 900)] as const] : []),
    ...(random.chance(0.3) ? [['x-homing-attempts', random.between(1, 4)] as const] : []),
  ]
  const request = drawn({
    token,
    exchange: '',
    key: asksQueue.name,
    properties: {
      ...(headers.length > 0 && { headers: new Map(headers) }),
      ...(random.chance(0.7) && { deliveryMode: 2 }),
      replyTo: repliesQueue.name,
      correlationId: token,
      contentType: 'text/plain',
    },
    body: Buffer.from('please'),
    tracked: notify === undefined ? 'reply' : 'notify',
    timed,
    id: chosen ? `id-${token}` : token,
  })
  if (chosen) before.push(request)
  return request
}
