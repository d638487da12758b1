/*
 * What outlives a link to RabbitMQ: the ledger, what was sent and not heard of, the name of the queue
 * that replies come to, counts.
 */

import { randomUUID } from 'node:crypto'
import { type Clock, steadyWallClock, systemClock } from '../../../clock.ts'
import { HomingError } from '../../../errors.ts'
import { idSource, type MintId } from '../../../identifier.ts'
import type { SharedLedger } from '../../../shared-ledger/shared-ledger.ts'
import { OpenSends } from './open-sends.ts'
import type { QueueKind } from './queue-arguments.ts'
import { QueueCounts } from './queue-counts.ts'

export interface RabbitOptions {
  /** Closed by who opened it. */
  readonly ledger: SharedLedger
  /** Of queues that are made. Default `quorum`. */
  readonly queues?: QueueKind | undefined
  /**
   * Name of this producer: its replies wait in the queue `homing.replies.NAME` while it is away.
   * Without one they wait for an hour. One process has a name at a time.
   */
  readonly name?: string | undefined
  /** On top of a message's time-out, before it is held for lost and sent again. Default 10 s. */
  readonly lostAfterMs?: number | undefined
  readonly onProblem: (text: string) => void
  readonly clock?: Clock | undefined
}

const lostAfterMsDefault = 10_000

export class RabbitEngineState {
  readonly ledger: SharedLedger
  readonly kind: QueueKind
  readonly named: boolean
  readonly clock: Clock
  readonly nowMs: () => number
  readonly mintId: MintId
  readonly openSends: OpenSends
  readonly counts = new QueueCounts()
  readonly onProblem: (text: string) => void
  #replyName: string

  constructor(options: RabbitOptions) {
    const { ledger, queues = 'quorum', name, clock = systemClock, onProblem } = options
    if (queues !== 'quorum' && queues !== 'classic') {
      throw new HomingError('bad-argument', `queues is ${queues}; give 'quorum' or 'classic'`)
    }
    if (name !== undefined && !/^[\w.:-]{1,100}$/.test(name)) {
      throw new HomingError(
        'bad-name',
        `the name "${name}" cannot name a reply queue; give 1 to 100 letters, digits, and . : - _`,
      )
    }
    this.ledger = ledger
    this.kind = queues
    this.named = name !== undefined
    this.#replyName = name ?? randomUUID()
    this.clock = clock
    this.nowMs = steadyWallClock(clock)
    this.mintId = idSource(this.nowMs)
    this.openSends = new OpenSends(options.lostAfterMs ?? lostAfterMsDefault)
    this.onProblem = onProblem
  }

  get replyName(): string {
    return this.#replyName
  }

  /**
   * For who has no name of its own, when the node of a cluster that has its replies is away. What still
   * goes there is found in the ledger.
   */
  renameReplies(): void {
    this.#replyName = randomUUID()
  }
}
