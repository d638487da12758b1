/*
 * A link over an engine in the same process, as over a wire: what is asked arrives later, what is
 * answered comes back later, both in order. It can be cut at any moment: then some of what is on its
 * way still arrives, a while later, and no answer comes back. The other end of a cut link goes on
 * holding its deliveries until it notices.
 */

import type { Link } from '../../src/adapters/link.ts'
import type { Clock } from '../../src/clock.ts'
import type {
  Accepted,
  Engine,
  SubscribeOptions,
  Subscription,
  SubscriptionHandler,
} from '../../src/engine.ts'
import { HomingError } from '../../src/errors.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'

export interface Wire {
  readonly clock: Clock
  /** Milliseconds that something takes on the way. */
  readonly delayMs: () => number
  /** Of so many calls that are on their way when the link is cut, how many still arrive. */
  readonly arriving: (count: number) => number
  /** Milliseconds until the other end notices that it was cut. */
  readonly noticedAfterMs: () => number
}

/** A wire in no time, on which nothing arrives once it is cut. */
export const shortWire = (clock: Clock): Wire => ({
  clock,
  delayMs: () => 0,
  arriving: () => 0,
  noticedAfterMs: () => 0,
})

export class CuttableLink implements Link {
  readonly kind = 'cuttable'
  readonly guarantees: Engine['guarantees']
  readonly lost: Promise<HomingError>
  readonly #engine: Engine
  readonly #wire: Wire
  readonly #subscriptions = new Set<Subscription>()
  readonly #stops = new Set<() => void>()
  #tellLost: (reason: HomingError) => void
  #over: HomingError | undefined
  #onOver: ((reason: HomingError) => void)[] = []
  /** On their way out, in order. */
  readonly #outbox: (() => void)[] = []
  #noticed = false
  #outAtMs = 0
  #backAtMs = 0
  #tags = 0
  readonly #origins = new Map<number, Delivery>()

  constructor(engine: Engine, wire: Wire) {
    this.#engine = engine
    this.#wire = wire
    this.guarantees = engine.guarantees
    const { promise, resolve } = Promise.withResolvers<HomingError>()
    this.lost = promise
    this.#tellLost = resolve
  }

  get over(): boolean {
    return this.#over !== undefined
  }

  cut(why = 'cut by the test'): void {
    this.#end(new HomingError('connection-lost', why))
  }

  #end(reason: HomingError): void {
    if (this.#over !== undefined) return
    this.#over = reason
    for (const tell of this.#onOver) tell(reason)
    this.#onOver = []
    this.#tellLost(reason)
    const { clock, arriving, noticedAfterMs } = this.#wire
    this.#outbox.length = arriving(this.#outbox.length)
    const noticedMs = noticedAfterMs()
    if (noticedMs === 0) this.endThere()
    else clock.after(noticedMs, () => this.endThere())
  }

  /** The other end notices: what has arrived counts, and all that it held is given back. */
  endThere(): void {
    if (this.#noticed) return
    this.#noticed = true
    for (const run of this.#outbox.splice(0)) run()
    for (const stop of this.#stops) stop()
    for (const subscription of this.#subscriptions) void subscription.close()
  }

  /** The other end hears nothing more of it: another link of the same client is there. */
  replaced(): void {
    this.#outbox.length = 0
    this.endThere()
  }

  /** Out, after all that went before. */
  #out(run: () => void): void {
    const { clock, delayMs } = this.#wire
    this.#outbox.push(run)
    this.#outAtMs = Math.max(clock.monotonicMs() + delayMs(), this.#outAtMs)
    clock.after(this.#outAtMs - clock.monotonicMs(), () => {
      if (this.#over === undefined) this.#outbox.shift()?.()
    })
  }

  #back(run: () => void): void {
    const { clock, delayMs } = this.#wire
    this.#backAtMs = Math.max(clock.monotonicMs() + delayMs(), this.#backAtMs)
    clock.after(this.#backAtMs - clock.monotonicMs(), () => {
      if (this.#over === undefined) run()
    })
  }

  #call<T>(run: () => Promise<T>): Promise<T> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    return new Promise((resolve, reject) => {
      this.#onOver.push(reject)
      this.#out(() => {
        run().then(
          (value) => this.#back(() => resolve(value)),
          (error: unknown) => this.#back(() => reject(error)),
        )
      })
    })
  }

  publish(messages: readonly Message[], again: boolean): Promise<readonly Accepted[]> {
    return this.#call(async () => {
      if (!again) return this.#engine.publishMany(messages)
      const known = messages.map((message) => ({ ...message, idChosen: true }))
      const accepted = await this.#engine.publishMany(known)
      return accepted.map((one, n) =>
        messages[n]?.idChosen === true ? one : { ...one, duplicate: false },
      )
    })
  }

  subscribe(queue: string, options: SubscribeOptions, handler: SubscriptionHandler): Subscription {
    if (this.#over !== undefined) throw this.#over
    let onEngine: Subscription | undefined
    let stopped = false
    this.#out(() => {
      if (stopped) return
      const tags = new Map<Delivery, Delivery>()
      onEngine = this.#engine.subscribe(queue, options, {
        deliver: (origin) => {
          const delivery = { ...fields(origin), tag: ++this.#tags }
          this.#origins.set(delivery.tag, origin)
          tags.set(origin, delivery)
          this.#back(() => handler.deliver(delivery))
        },
        revoke: (origin, reason) => {
          const delivery = tags.get(origin)
          if (delivery !== undefined) this.#back(() => handler.revoke(delivery, reason))
        },
      })
      this.#subscriptions.add(onEngine)
    })
    return {
      queue,
      stop: () => {
        stopped = true
        this.#out(() => onEngine?.stop())
      },
      close: () => {
        stopped = true
        return this.#call(async () => onEngine?.close())
      },
    }
  }

  #origin({ tag }: Delivery): Delivery {
    const origin = this.#origins.get(tag)
    if (origin === undefined) throw new Error(`no delivery has tag ${tag} on this link`)
    return origin
  }

  begun(delivery: Delivery): void {
    this.#out(() => this.#engine.begun?.(this.#origin(delivery)))
  }

  settle: Engine['settle'] = (delivery, settlement) =>
    this.#call(() => this.#engine.settle(this.#origin(delivery), settlement))

  whenFinal: Engine['whenFinal'] = (id, told) => {
    let stopped = false
    const stop = (): void => {
      stopped = true
    }
    this.#out(() => {
      if (stopped) return
      this.#stops.add(
        this.#engine.whenFinal(id, (outcome) => {
          this.#back(() => {
            if (!stopped) told(outcome)
          })
        }),
      )
    })
    return stop
  }

  watchProgress: Engine['watchProgress'] = (id, seen) => {
    let stopped = false
    this.#out(() => {
      if (stopped) return
      const watched = this.#engine.watchProgress(id, (body, contentType) => {
        this.#back(() => {
          if (!stopped) seen(body, contentType)
        })
      })
      this.#stops.add(watched)
    })
    return () => {
      stopped = true
    }
  }

  reportProgress: Engine['reportProgress'] = (delivery, body, contentType) => {
    this.#out(() => this.#engine.reportProgress(this.#origin(delivery), body, contentType))
  }

  declareQueue: Engine['declareQueue'] = (name, settings) =>
    this.#call(() => this.#engine.declareQueue(name, settings))
  answer: Engine['answer'] = (id) => this.#call(() => this.#engine.answer(id))
  cancel: Engine['cancel'] = (id, reason) => this.#call(() => this.#engine.cancel(id, reason))
  gather: Engine['gather'] = (request) => this.#call(() => this.#engine.gather(request))
  queues: Engine['queues'] = () => this.#call(() => this.#engine.queues())
  outcomes: Engine['outcomes'] = (filter) => this.#call(() => this.#engine.outcomes(filter))
  deadLetters: Engine['deadLetters'] = (filter) =>
    this.#call(() => this.#engine.deadLetters(filter))
  replayDeadLetters: Engine['replayDeadLetters'] = (filter) =>
    this.#call(() => this.#engine.replayDeadLetters(filter))
  dropDeadLetters: Engine['dropDeadLetters'] = (filter) =>
    this.#call(() => this.#engine.dropDeadLetters(filter))
  purgeQueue: Engine['purgeQueue'] = (name) => this.#call(() => this.#engine.purgeQueue(name))
  pauseQueue: NonNullable<Engine['pauseQueue']> = (name) =>
    this.#call(() => this.#engine.pauseQueue?.(name) ?? missing())
  resumeQueue: NonNullable<Engine['resumeQueue']> = (name) =>
    this.#call(() => this.#engine.resumeQueue?.(name) ?? missing())
  backup: NonNullable<Engine['backup']> = (directory, options) =>
    this.#call(() => this.#engine.backup?.(directory, options) ?? missing())

  async close(): Promise<void> {
    this.#end(new HomingError('closed', 'the link was closed'))
  }
}

const missing = (): Promise<never> => Promise.reject(new Error('the engine has no such call'))

function fields({ message, queue, attempt, redelivered, acceptedAtMs }: Delivery) {
  return { message, queue, attempt, redelivered, acceptedAtMs }
}
