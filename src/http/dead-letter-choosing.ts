/*
 * Which dead letters a request means, and what is done with them.
 *
 *   choice ─▶ those there are ─▶ those the user may read ─▶ (replay: may send again?) ─▶ in steps, each durable
 *
 * Rule: nothing is replayed when the user may not send one of them. A step that fails leaves those before it done.
 */

import type { DeadLetter } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import { baseName, defaultVirtualHost, virtualHostOf } from '../scoped-name.ts'
import type { Caller } from './caller.ts'
import { rangeFrom, scopeOf } from './list-scope.ts'
import type { RouteParts } from './route-parts.ts'
import type {
  DeadLetterChoiceJson,
  DroppedJson,
  ReplayedJson,
} from './shapes/dead-letter-shapes.ts'
import { shownPage } from './shown-page.ts'
import type { Site } from './site.ts'

/** In one durable step. */
const stepMax = 100

interface Chosen {
  readonly letters: readonly DeadLetter[]
  readonly more: boolean
}

export class DeadLetterChoosing {
  readonly #parts: RouteParts

  constructor(parts: RouteParts) {
    this.#parts = parts
  }

  /** Fails with `access-refused`, `queue-full`, `disk-full`. */
  async replay(site: Site, caller: Caller, choice: DeadLetterChoiceJson): Promise<ReplayedJson> {
    const { letters, more } = await this.#chosen(site, caller, choice)
    for (const letter of letters) this.#checkMaySend(caller, letter)
    const ids: string[] = []
    for (const step of stepsOf(letters)) {
      ids.push(...(await site.engine.replayDeadLetters({ ids: step })))
    }
    return { replayed: ids.length, ids: ids.map(baseName), more }
  }

  /** Fails with `access-refused`. */
  async drop(site: Site, caller: Caller, choice: DeadLetterChoiceJson): Promise<DroppedJson> {
    const { letters, more } = await this.#chosen(site, caller, choice)
    let count = 0
    for (const step of stepsOf(letters)) {
      count += await site.engine.dropDeadLetters({ ids: step })
    }
    return { dropped: count, more }
  }

  async #chosen(site: Site, caller: Caller, choice: DeadLetterChoiceJson): Promise<Chosen> {
    checkSaysWhich(choice)
    this.#checkEnter(caller, choice.vhost)
    if (choice.ids !== undefined) return this.#byId(site, caller, choice)
    const scope = scopeOf(this.#parts, caller, choice)
    const { reason, limit = limits.httpPageMax } = choice
    const { rows, next } = await shownPage({
      limit,
      after: undefined,
      ask: async (cut) => {
        const page = await site.engine.inspection.deadLetters({
          ...scope.filter,
          ...(reason !== undefined && { reason }),
          ...rangeFrom(choice, site.engine.nowMs(), ['diedSinceMs', 'diedBeforeMs']),
          ...cut,
        })
        return { rows: page.deadLetters, next: page.next }
      },
      mayShow: ({ queue }) => scope.mayShow(queue),
    })
    return { letters: rows, more: next !== undefined }
  }

  async #byId(site: Site, caller: Caller, choice: DeadLetterChoiceJson): Promise<Chosen> {
    const { vhost = defaultVirtualHost, ids = [] } = choice
    const others = Object.keys(choice).filter((name) => name !== 'vhost' && name !== 'ids')
    if (others.length > 0) {
      throw new HomingError(
        'bad-argument',
        `ids and ${others.join(', ')} are given; give either ids or what the dead letters have in common`,
      )
    }
    const { names } = this.#parts.entrances.of(caller, vhost)
    const scoped = ids.map((id) => names.idIn(id))
    const found = await site.engine.deadLetters({ ids: scoped, limit: scoped.length })
    const letters = found.filter(({ queue }) => this.#parts.entrances.mayRead(caller, queue))
    return { letters, more: false }
  }

  /** A virtual host that the body names is checked here, since the row knows only path and query. */
  #checkEnter(caller: Caller, vhost: string | undefined): void {
    if (vhost === undefined || caller.mayEnter(vhost)) return
    throw new HomingError(
      'access-refused',
      `user "${caller.user}" may not enter virtual host "${vhost}"`,
    )
  }

  /** It goes out as its sender sent it. Fails with `access-refused`. */
  #checkMaySend(caller: Caller, { message, queue }: DeadLetter): void {
    const { access } = this.#parts.entrances.of(caller, virtualHostOf(queue))
    const { exchange, routingKey } = message
    if (exchange === '') access.checkPublish('', baseName(queue))
    else access.checkPublish(baseName(exchange), baseName(routingKey))
  }
}

/** A body that was forgotten is not taken for all there are. Fails with `bad-argument`. */
function checkSaysWhich(choice: DeadLetterChoiceJson): void {
  if (Object.keys(choice).some((name) => name !== 'limit')) return
  throw new HomingError(
    'bad-argument',
    'which dead letters is not said; give ids, or vhost, queue, reason, idPrefix, since or before, or "all": true',
  )
}

function* stepsOf(letters: readonly DeadLetter[]): Generator<readonly string[]> {
  for (let at = 0; at < letters.length; at += stepMax) {
    yield letters.slice(at, at + stepMax).map(({ message }) => message.id)
  }
}
