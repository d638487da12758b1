/*
 * Whose rows a list shows: those of one queue, of one virtual host, or of all that the user may read.
 *
 * A queue or the beginning of an id is one within `vhost`, which is `/` when none is named.
 */

import { defaultVirtualHost, virtualHostOf } from '../scoped-name.ts'
import type { Caller } from './caller.ts'
import { pastFrom } from './moments.ts'
import type { RouteParts } from './route-parts.ts'

export interface ScopeQuery {
  readonly vhost?: string | undefined
  readonly queue?: string | undefined
  readonly idPrefix?: string | undefined
}

export interface ListScope {
  /** For the engine. */
  readonly filter: { readonly queue?: string; readonly idPrefix?: string }
  /** By the engine's name of the queue. */
  mayShow(queue: string): boolean
  /** All that the engine counts may be told: there is one queue, and it may be read; or all is seen anyway. */
  readonly mayTellTotal: boolean
}

/** Fails with `access-refused` for a queue that the user may not read. */
export function scopeOf(
  { entrances }: Pick<RouteParts, 'entrances'>,
  caller: Caller,
  { vhost, queue, idPrefix }: ScopeQuery,
): ListScope {
  const isWithin = queue !== undefined || idPrefix !== undefined
  const within = vhost ?? (isWithin ? defaultVirtualHost : undefined)
  const isAll = within === undefined && caller.has('monitoring')
  const mayTellTotal = queue !== undefined || isAll
  const mayShow = (name: string): boolean =>
    (within === undefined || virtualHostOf(name) === within) && entrances.mayRead(caller, name)
  if (within === undefined || !isWithin) return { filter: {}, mayShow, mayTellTotal }
  const { access, names } = entrances.of(caller, within)
  if (queue !== undefined && !access.mayRead(queue)) {
    access.refuse(`to read what became of messages in queue '${queue}'`)
  }
  return {
    filter: {
      ...(queue !== undefined && { queue: names.in(queue) }),
      ...(idPrefix !== undefined && { idPrefix: names.idIn(idPrefix) }),
    },
    mayShow,
    mayTellTotal,
  }
}

/** `since` and `before`, by the names that the engine's filter has for them. Fails with `bad-argument`. */
export function rangeFrom<Since extends string, Before extends string>(
  { since, before }: RangeQuery,
  nowMs: number,
  [sinceName, beforeName]: readonly [Since, Before],
): { readonly [name in Since | Before]?: number } {
  return {
    ...(since !== undefined && { [sinceName]: pastFrom(since, 'since', nowMs) }),
    ...(before !== undefined && { [beforeName]: pastFrom(before, 'before', nowMs) }),
  } as { readonly [name in Since | Before]?: number }
}

export interface RangeQuery {
  readonly since?: string | number | undefined
  readonly before?: string | number | undefined
}
