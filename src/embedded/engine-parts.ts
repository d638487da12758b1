/*
 * The parts of an engine at work, put together over what recovery found.
 *
 *   publish ─▶ Publishing ─▶ Journal ⇢ confirm
 *                  └─▶ Delivering ─▶ consumer ─▶ Settling ─▶ Journal ⇢ Outcomes ─▶ waiters, ledger
 *                                                   └─▶ OnwardSending ─▶ queues of callbacks
 *   time, cancel, purge ─▶ Ending ─▶ Settling                    Janitor: checkpoints, old segments
 *   a broker ─▶ QueueDoor ─▶ PlainPublishing, Settling ─▶ DeadLettering ─▶ PlainPublishing
 */

import type { Clock, SteadyTime } from '../clock.ts'
import type { MintId } from '../identifier.ts'
import type { Message } from '../message/message.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import { Attempts } from './attempts.ts'
import { AwaitedReplies } from './awaited-replies.ts'
import { Backup } from './backup.ts'
import { Checkpoints } from './checkpoints.ts'
import { Core } from './core.ts'
import { DeadLettering } from './dead-lettering.ts'
import { DeadLetters } from './dead-letters.ts'
import { Delivering } from './delivering.ts'
import { Ending } from './ending.ts'
import { EndingById } from './ending-by-id.ts'
import type { EngineOptions } from './engine-options.ts'
import { Gathering } from './gathering.ts'
import type { IndexPages } from './index-pages.ts'
import { Janitor } from './janitor.ts'
import type { Disk } from './journal/disk.ts'
import type { Journal } from './journal/journal.ts'
import { KnownIds } from './known-ids.ts'
import type { Ledger } from './ledger/ledger.ts'
import type { LiveQueue } from './live-queue.ts'
import { OnwardSending } from './onward-sending.ts'
import { Outcomes } from './outcomes.ts'
import { PlainPublishing } from './plain-publishing.ts'
import { Publishing } from './publishing.ts'
import type { Recovered } from './recovery.ts'
import { Relations } from './relations.ts'
import { Settling } from './settling.ts'
import { Topology } from './topology.ts'

export interface PartsNeeded {
  readonly disk: Disk
  readonly clock: Clock
  readonly ledger: Ledger
  readonly options: EngineOptions
  readonly nowMs: SteadyTime
  readonly mintId: MintId
  readonly pages: IndexPages
  readonly recovered: Recovered
  readonly journal: Journal
}

const tagsPerOpening = 2 ** 32

export class EngineParts {
  readonly core: Core
  readonly pages: IndexPages
  readonly attempts: Attempts
  readonly relations = new Relations()
  readonly ids: KnownIds
  readonly topology: Topology
  readonly delivering: Delivering
  readonly settling: Settling
  readonly publishing: Publishing
  readonly plainPublishing: PlainPublishing
  readonly deadLettering: DeadLettering
  readonly endingById: EndingById
  readonly awaitedReplies: AwaitedReplies
  readonly ending: Ending
  readonly gathering: Gathering
  readonly deadLetters: DeadLetters
  readonly janitor: Janitor
  readonly backup: Backup
  /** A broker is told of notifications that no durable queue takes. */
  tellElsewhere: (queue: string, message: PlainMessage) => void = () => undefined

  constructor(needed: PartsNeeded) {
    const { options, nowMs, mintId, pages, recovered, journal } = needed
    const { state } = recovered
    this.pages = pages
    const outcomes = new Outcomes({
      ...needed,
      hash: (id) => state.hash(id),
      onProblem: options.onProblem,
    })
    for (const { hash, segment, from, lsn } of recovered.fed) outcomes.add(hash, segment, from, lsn)
    outcomes.handed(recovered.fedLsn)
    this.core = new Core({
      state,
      journal,
      outcomes,
      clock: needed.clock,
      nowMs,
      onProblem: options.onProblem,
      due: () => this.ending.due(),
    })
    this.attempts = new Attempts(this.core)
    this.ids = new KnownIds(this.core)
    this.topology = new Topology(this.core)
    this.delivering = this.#delivering()
    this.settling = this.#settling()
    this.ending = new Ending(this)
    this.publishing = this.#publishing()
    this.plainPublishing = new PlainPublishing({
      ...this,
      refused: (live, message) => this.deadLettering.send(live, message, 'maxlen'),
    })
    this.deadLettering = new DeadLettering({
      core: this.core,
      publishing: this.plainPublishing,
      store: (message, live) => this.publishing.store(message, [live]),
    })
    this.endingById = new EndingById(this)
    this.awaitedReplies = new AwaitedReplies({
      ...this,
      queue: (name) => this.topology.queue(name),
    })
    this.gathering = new Gathering(this.core, this.publishing, this.ids)
    this.deadLetters = new DeadLetters(this.core, this.publishing, mintId)
    this.janitor = this.#janitor(needed)
    this.backup = new Backup(this)
  }

  #delivering(): Delivering {
    const { core, pages } = this
    return new Delivering({
      core,
      pages,
      firstTag: core.journal.segment * tagsPerOpening,
      expire: (live, entry) => this.ending.expire(live, entry),
      lose: (live, entry) => this.ending.lose(live, entry),
      damaged: (live, entry, error) => this.ending.damaged(live, entry, error),
      giveBack: (delivery) => this.settling.giveBackUnseen(delivery),
      handedOver: (delivery) => this.settling.handedOver(delivery),
    })
  }

  #settling(): Settling {
    const { core, attempts, delivering } = this
    const onward = new OnwardSending({
      core,
      delivering,
      queue: (name) => this.topology.queue(name),
      giveBack: (live, entry) => this.settling.giveBack(live, entry, 0, true),
    })
    return new Settling({
      core,
      attempts,
      delivering,
      onward,
      gathered: (id) => this.gathering.finished(id),
      moveOn: (live, message, reason) => this.deadLettering.moveOn(live, message, reason),
      awaitReply: (live, entry, message) => this.awaitedReplies.add(live, entry, message),
      tellElsewhere: (queue, message) => this.tellElsewhere(queue, message),
      dead: (live, message, reason) => this.deadLettering.send(live, message, reason),
    })
  }

  #publishing(): Publishing {
    const { core, delivering, ids, pages, relations, topology } = this
    return new Publishing({
      core,
      relations,
      ids,
      delivering,
      pages,
      route: (message: Message): readonly LiveQueue[] => topology.route(message),
      dropHead: (live) => this.ending.dropHead(live),
    })
  }

  #janitor({ disk, options, nowMs, recovered }: PartsNeeded): Janitor {
    const { core, pages, ending } = this
    const { state, seed } = recovered
    const checkpoints = new Checkpoints({ disk, state, pages, seed, nowMs }, recovered.checkpoint)
    return new Janitor({ core, checkpoints, pages, ending, ...options })
  }
}
