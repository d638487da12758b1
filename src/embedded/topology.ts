/*
 * Queues, exchanges and bindings: what is declared, its `topology` records, and where a message goes.
 * A record is the JSON of one change; a checkpoint holds the whole.
 */

import type { QueueSettings } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Message } from '../message/message.ts'
import { checkName } from '../name.ts'
import type { Core } from './core.ts'
import { recordTypes } from './journal/record.ts'
import type { LiveQueue } from './live-queue.ts'

export type TopologyRecord =
  | {
      readonly op: 'queue'
      readonly number: number
      readonly name: string
      readonly settings: QueueSettings
    }
  | { readonly op: 'routing'; readonly routing: unknown }

export class Topology {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** The queue, when it was made or changed; undefined when it is as asked already. */
  declareQueue(name: string, settings: QueueSettings): LiveQueue | undefined {
    const live = this.#core.queue(name)
    if (!live) return this.#make(name, settings)
    if (sameSettings(live.queue.settings, settings)) return undefined
    live.change(settings)
    this.#write({ op: 'queue', number: live.queue.number, name, settings })
    return live
  }

  /** The queue of that name, made with standard settings when it is not there. */
  queue(name: string): LiveQueue {
    return this.#core.queue(name) ?? this.#make(name, {})
  }

  #make(name: string, settings: QueueSettings): LiveQueue {
    checkName(name, 'the queue name')
    const { state } = this.#core
    const live = state.addQueue(state.nextQueueNumber, name, settings, this.#core.nowMs())
    this.#write({ op: 'queue', number: live.queue.number, name, settings })
    return live
  }

  #write(record: TopologyRecord): void {
    const { journal } = this.#core
    journal.begin().raw(Buffer.from(JSON.stringify(record)))
    journal.end(recordTypes.topology)
  }

  route(message: Message): readonly LiveQueue[] {
    if (message.exchange === '') return [this.queue(message.routingKey)]
    throw new HomingError('exchange-unknown', `there is no exchange "${message.exchange}"`)
  }

  snapshot(): unknown {
    return undefined
  }
}

/** Whether declaring again with these settings would change nothing. */
const sameSettings = (a: QueueSettings, b: QueueSettings): boolean =>
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

function sorted(value: object): unknown {
  return Object.entries(value)
    .filter(([, setting]) => setting !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, setting]) => [
      name,
      typeof setting === 'object' && setting !== null ? sorted(setting) : setting,
    ])
}
