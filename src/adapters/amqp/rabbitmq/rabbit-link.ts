/*
 * A link (ADR 11) over a RabbitMQ that knows nothing of results (ADR 12).
 *
 *   publish ─▶ publishing.ts ─▶ sending.ts ─▶ publisher.ts ══▶ RabbitMQ ══▶ rabbit-subscription.ts ─▶ deliver
 *                                   ▲                              ║               arrivals.ts
 *   whenFinal ◀─ waiters.ts ◀─ reply-reader.ts ◀═══════════════════╝ ◀══ finishing.ts ◀─ settling.ts ◀─ settle
 *
 * Nothing of it outlives its connection but what rabbit-engine-state.ts keeps.
 */

import { sleep } from '../../../clock.ts'
import type {
  DeadLetter,
  DeadLetterFilter,
  GatherRequest,
  Guarantees,
  OutcomeFilter,
  QueueSettings,
  QueueStats,
  SubscribeOptions,
  Subscription,
  SubscriptionHandler,
} from '../../../engine.ts'
import { HomingError } from '../../../errors.ts'
import type { Delivery } from '../../../message/delivery.ts'
import { encodeGathered, gatheredContentType } from '../../../message/homecoming.ts'
import { callbackQueue, type Message } from '../../../message/message.ts'
import type { Answer, StoredOutcome } from '../../../message/outcome.ts'
import type { Settled, Settlement } from '../../../message/settlement.ts'
import type { Link } from '../../link.ts'
import type { AmqpConnection } from '../connection.ts'
import { HeldDelivery } from './held-delivery.ts'
import { jsonBody } from './json-body.ts'
import { type LinkParts, openLinkParts } from './link-parts.ts'
import { purge } from './purging.ts'
import { engineKind } from './queue-arguments.ts'
import { queueStats } from './queue-counts.ts'
import type { RabbitEngineState } from './rabbit-engine-state.ts'
import { rabbitGuarantees } from './rabbit-guarantees.ts'
import { RabbitSubscription } from './rabbit-subscription.ts'

/**
 * Declares what Homing needs on the server. Fails with `access-refused`, `contract-conflict`,
 * `unsupported` (an older RabbitMQ), `locked` (the name is another process's), `connection-lost`.
 */
export async function openRabbitLink(
  connection: AmqpConnection,
  state: RabbitEngineState,
): Promise<Link> {
  return new RabbitLink(state, await openLinkParts(connection, state))
}

/** Closing waits so long for what is being ended. */
const closeMsMax = 3_000

class RabbitLink implements Link {
  readonly kind = engineKind
  readonly guarantees: Guarantees
  readonly lost: Promise<HomingError>
  readonly #state: RabbitEngineState
  readonly #parts: LinkParts
  readonly #subscriptions = new Set<RabbitSubscription>()
  #closing: Promise<void> | undefined

  constructor(state: RabbitEngineState, parts: LinkParts) {
    this.#state = state
    this.#parts = parts
    this.lost = parts.end.lost
    this.guarantees = rabbitGuarantees(state.kind, state.ledger.kind !== 'memory')
  }

  /** What ends with the link says so, whatever the client library calls it. */
  #asked<T>(ask: () => Promise<T>): Promise<T> {
    return this.#askedOften(() => this.#parts.end.race(ask()))
  }

  declareQueue(name: string, settings: QueueSettings): Promise<void> {
    return this.#asked(async () => {
      await this.#parts.topology.declare(name, settings)
      this.#state.counts.of(name)
    })
  }

  /** The publisher ends with the link, and what waits for it too: nothing else need watch the end. */
  #askedOften<T>(ask: () => Promise<T>): Promise<T> {
    const { reason } = this.#parts.end
    if (reason !== undefined) return Promise.reject(reason)
    try {
      return ask()
    } catch (error) {
      return Promise.reject(error)
    }
  }

  publish(messages: readonly Message[], again: boolean) {
    return this.#askedOften(() => this.#parts.publishing.publish(messages, again))
  }

  subscribe(queue: string, options: SubscribeOptions, handler: SubscriptionHandler): Subscription {
    const { end } = this.#parts
    const subscription = new RabbitSubscription(
      {
        ...this.#parts,
        clock: this.#state.clock,
        onProblem: this.#state.onProblem,
        isOver: () => end.reason !== undefined,
        gone: (one) => this.#subscriptions.delete(one),
      },
      queue,
      options,
      handler,
    )
    this.#subscriptions.add(subscription)
    return subscription
  }

  begun(delivery: Delivery): void {
    if (delivery instanceof HeldDelivery && delivery.over === undefined) {
      this.#parts.settling.watch(delivery)
    }
  }

  settle(delivery: Delivery, settlement: Settlement): Promise<Settled> {
    if (!(delivery instanceof HeldDelivery)) {
      return Promise.reject(
        new HomingError('bad-argument', 'the delivery settled is not one of this engine'),
      )
    }
    return this.#askedOften(() => this.#parts.settling.settle(delivery, settlement))
  }

  answer(id: string): Promise<Answer> {
    return this.#asked(async () => {
      const [entry] = await this.#state.ledger.lookUp([id])
      switch (entry?.state) {
        case 'final':
          return { state: 'final', outcome: entry.outcome }
        case 'forgotten':
          return { state: 'forgotten' }
        case 'pending':
          return { state: 'pending' }
        default:
          return { state: this.#state.openSends.has(id) ? 'pending' : 'unknown' }
      }
    })
  }

  whenFinal(id: string, told: (outcome: StoredOutcome) => void): () => void {
    const { waiters, end } = this.#parts
    const stop = waiters.add(id, told)
    // One that was sent here and has no outcome yet gets a reply; should that go astray, the ledger is
    // asked in a while. Any other may be final already.
    if (this.#state.openSends.has(id)) return stop
    this.#state.ledger.lookUp([id]).then(
      ([entry]) => {
        if (entry?.state === 'final' && end.reason === undefined) waiters.tell(entry.outcome)
      },
      () => undefined,
    )
    return stop
  }

  cancel(id: string, reason?: string): Promise<boolean> {
    return this.#asked(async () => {
      const { ledger, openSends, nowMs } = this.#state
      const [entry] = await ledger.lookUp([id])
      const own = openSends.get(id)
      if (entry?.state !== 'pending' && own === undefined) return false
      if (entry?.state === 'final' || entry?.state === 'forgotten') return false
      const pending = entry?.state === 'pending' ? entry : undefined
      const finishedAtMs = nowMs()
      const { ended, sent } = await this.#parts.finishing.finish({
        outcome: {
          id,
          queue: pending?.queue ?? own?.message.routingKey ?? '',
          code: 'canceled',
          ...jsonBody(reason === undefined ? {} : { reason }),
          attempts: 0,
          acceptedAtMs: pending?.acceptedAtMs ?? own?.acceptedAtMs ?? finishedAtMs,
          finishedAtMs,
        },
        message: own?.message,
        callbacks: pending?.callbacks,
      })
      await sent
      if (ended.state !== 'final' || !ended.won) return false
      openSends.delete(id)
      this.#parts.ended(id, 'canceled')
      this.#parts.events.tellEnded([[id, 'canceled']])
      return true
    })
  }

  reportProgress(delivery: Delivery, body: Uint8Array, contentType: string): void {
    if (this.#parts.end.reason !== undefined || !(delivery instanceof HeldDelivery)) return
    if (delivery.over !== undefined) return
    this.#parts.events.reportProgress(delivery.message.id, body, contentType)
  }

  watchProgress(id: string, seen: (body: Uint8Array, contentType: string) => void): () => void {
    return this.#parts.events.watchProgress(id, seen)
  }

  gather({ id, memberIds, callback }: GatherRequest): Promise<void> {
    return this.#asked(async () => {
      const told = {
        id: `gathered:${id}`,
        queue: callbackQueue(callback.name),
        contentType: gatheredContentType,
        body: encodeGathered({ gatherId: id, memberIds, context: callback.context }),
      }
      await this.#checkGathered(id, told.body.length)
      const unsent = await this.#state.ledger.gather({ id, memberIds, told })
      await this.#parts.finishing.sendCallbacks(unsent)
    })
  }

  /** Later nobody could be told: the last member's outcome would wait for it. */
  async #checkGathered(id: string, bytes: number): Promise<void> {
    if (await this.#parts.sizes.fits(bytes)) return
    throw new HomingError(
      'message-too-large',
      `gather ${id} takes ${bytes} bytes to tell its callback, which RabbitMQ does not take; raise max_message_size there, or gather in stages`,
    )
  }

  queues(): Promise<readonly QueueStats[]> {
    return this.#asked(async () => {
      const { counts, ledger, openSends, nowMs } = this.#state
      const kept = await ledger.counts()
      const stats: QueueStats[] = []
      for (const name of new Set([...counts.names(), ...kept.keys()])) {
        const found = await this.#parts.topology.find(name)
        if (found === undefined) continue
        const seen = {
          ready: found.messageCount,
          consumers: found.consumerCount,
          unsettled: this.#parts.held.countOf(name),
          delayed: openSends.delayed(name, nowMs()),
          dead: kept.get(name)?.dead ?? 0,
        }
        stats.push(queueStats(name, seen, counts))
      }
      return stats
    })
  }

  outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]> {
    return this.#asked(() => this.#state.ledger.outcomes(filter))
  }

  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    return this.#asked(() => this.#state.ledger.deadLetters(filter))
  }

  replayDeadLetters(filter: DeadLetterFilter): Promise<readonly string[]> {
    return this.#asked(async () => {
      const { ledger, nowMs, mintId } = this.#state
      const letters = await ledger.deadLetters(filter)
      const replays = letters.map(({ message, acceptedAtMs }) => ({
        deadId: message.id,
        message: {
          ...message,
          id: mintId(),
          idChosen: false,
          availableAtMs: 0,
          deadlineAtMs: nowMs() + (message.deadlineAtMs - acceptedAtMs),
          meta: { ...message.meta, replayOf: message.id },
        },
      }))
      const taken = new Set(await ledger.takeDeadLetters(replays))
      const mine = replays.filter(({ message }) => taken.has(message.id))
      await Promise.all(mine.map(({ message }) => this.#parts.sweeping.publishReplay(message)))
      return mine.map(({ message }) => message.id)
    })
  }

  dropDeadLetters(filter: DeadLetterFilter): Promise<number> {
    return this.#asked(() => this.#state.ledger.dropDeadLetters(filter))
  }

  purgeQueue(name: string): Promise<number> {
    return this.#asked(() => purge(this.#parts, this.#state, name))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { end, settling } = this.#parts
    if (end.reason === undefined) {
      const closed = Promise.all([...this.#subscriptions].map((one) => one.close()))
      const over = closed.then(() => settling.idle())
      // What cannot be sent now comes again, to the next consumer.
      const late = sleep(this.#state.clock, closeMsMax)
      await end.race(Promise.race([over, late])).catch(() => undefined)
    }
    await this.#parts.close()
  }
}
