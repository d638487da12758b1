/*
 * A client's port at this end of the wire, for as long as its channel lasts.
 *
 *   bodies ─▶ frames ─▶ calls ─┬─ publish, settle …  ─▶ engine ─▶ answers ┐
 *                              ├─ Subscriptions ─▶ deliveries             ├─▶ batch ─▶ sink
 *                              ├─ Watches ─▶ outcomes, progress           │
 *                              └─ Questions, one after the other          ┘
 *
 * Rules: names are those of the client's virtual host, and its rights are asked as for AMQP methods.
 * Calls are not read while the client does not read its answers, or has asked too much at once; so
 * what a client can make this hold is bounded: its deliveries by prefetch, its watches by number.
 * A call that is refused is answered so; bytes that are no call end the session with `protocol-fault`.
 * When it ends, its subscriptions are closed: what they hold goes to others, at its old place.
 */

import type { ByteReader } from '../bytes.ts'
import type { Accepted, Engine } from '../engine.ts'
import { type ErrorCode, errorCodes, HomingError } from '../errors.ts'
import type { Later } from '../later.ts'
import { limits } from '../limits.ts'
import { machineErrors } from '../machine-errors.ts'
import type { Message } from '../message/message.ts'
import type { Settlement } from '../message/settlement.ts'
import { type CallTaker, readCall } from '../port-wire/calls.ts'
import { EventWriter } from '../port-wire/events.ts'
import { frameTypes, laterCalls, portVersion, wireFault } from '../port-wire/frame.ts'
import { FrameBatch } from '../port-wire/frame-batch.ts'
import { FrameReader } from '../port-wire/frame-reader.ts'
import type { PortAccess, PortSink } from './access.ts'
import { Names } from './names.ts'
import { PublishChecks } from './publish-checks.ts'
import { Questions } from './questions.ts'
import { subscribeOptionsFrom } from './requests.ts'
import { Subscriptions } from './subscriptions.ts'
import { Watches } from './watches.ts'

export interface PortSessionParts {
  readonly engine: Engine
  readonly access: PortAccess
  readonly sink: PortSink
  /** Consumers of the queue, by the engine's name, may take more than before. */
  readonly resume: (queue: string) => void
  /** Told what people should know and no client can be told. */
  readonly onProblem: (text: string) => void
}

/** Events that wait at which no more is delivered, and no more calls are read. */
const waitingBytesMax = 256 * 1024
/** Events of one turn that are sent before its end, so that a client that keeps up need not wait. */
const muchBytes = 64 * 1024

export class PortSession implements CallTaker {
  readonly #parts: PortSessionParts
  readonly #engine: Engine
  readonly #batch = new FrameBatch()
  readonly #events = new EventWriter(this.#batch)
  readonly #reader: FrameReader
  readonly #names: Names
  readonly #checks: PublishChecks
  readonly #subscriptions: Subscriptions
  readonly #watches: Watches
  readonly #questions: Questions
  #isGreeted = false
  #isOver = false
  #isAwaitingTurn = false
  /** A publish was not taken; until the client goes on, no other one is. */
  #holds = false
  /** Goes on reading calls. */
  #goOn: (() => void) | undefined

  constructor(parts: PortSessionParts) {
    const { engine, access } = parts
    this.#parts = parts
    this.#engine = engine
    this.#reader = new FrameReader((type, reader) => this.#frame(type, reader))
    this.#names = new Names(access.virtualHost)
    this.#checks = new PublishChecks(access, this.#names)
    const common = {
      engine,
      access,
      names: this.#names,
      events: this.#events,
      hasRoom: () => this.hasRoom(),
      wake: () => this.#wake(),
      failed: (call: number, error: unknown) => this.#failed(call, error),
      onProblem: parts.onProblem,
    }
    this.#subscriptions = new Subscriptions({ ...common, resume: parts.resume })
    this.#watches = new Watches(common)
    this.#questions = new Questions({ ...common, goOn: () => this.#readOn() })
  }

  /** Takes the calls of one body. A promise while they must wait for the client to read. */
  take(body: Uint8Array): Later<void> {
    const at = this.#reader.read(body, 0, this.#mayRead)
    if (at < body.length) return this.#takeLater(body, at)
  }

  /** The client reads again, or publishers need not wait any more. */
  resume(): void {
    if (this.#isOver) return
    this.#watches.resume()
    this.#questions.resume()
    this.#subscriptions.resumeAll()
    this.#releasePublishers()
    this.#readOn()
  }

  endOfTurn(): void {
    this.#isAwaitingTurn = false
    this.#send()
  }

  /** Nothing is told any more; what is held goes back. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#watches.close()
    this.#questions.close()
    this.#subscriptions.close()
    this.#goOn?.()
  }

  hasRoom(): boolean {
    if (this.#batch.length >= muchBytes) this.#send()
    return this.#batch.length < waitingBytesMax && this.#parts.sink.hasRoom()
  }

  // --- calls ---

  hello(version: number): void {
    if (this.#isGreeted) throw wireFault('a second hello came')
    if (version !== portVersion)
      throw wireFault(`version ${version} is asked for, this server speaks version ${portVersion}`)
    this.#isGreeted = true
    const { kind, guarantees } = this.#engine
    const calls = laterCalls.filter((name) => this.#engine[name] !== undefined)
    this.#events.hello(portVersion, { kind, guarantees, nowMs: this.#engine.nowMs(), calls })
    this.#wake()
  }

  publish(call: number, messages: readonly Message[], again: boolean): void {
    if (this.#mustHold(call)) return
    try {
      const asked = messages.map((message) => this.#checks.message(message))
      const failed = (error: unknown): void => this.#failed(call, error)
      if (asked.length !== 1) {
        const done = this.#engine.publishMany(asked)
        done.then((accepted) => this.#publishedMany(call, { messages, again, accepted }), failed)
        return
      }
      const [message] = asked as [Message]
      this.#engine.publish(message).then((accepted) => {
        if (this.#isOver) return
        this.#events.published(call, found(message, again, accepted))
        this.#wake()
      }, failed)
    } catch (error) {
      this.#failed(call, error)
    }
  }

  goingOn(): void {
    this.#holds = false
  }

  subscribe(subscription: number, queue: string, options: unknown): void {
    try {
      this.#subscriptions.open(subscription, queue, subscribeOptionsFrom(options))
    } catch (error) {
      this.#failed(subscription, error)
    }
  }

  stop(subscription: number): void {
    this.#subscriptions.stop(subscription)
  }

  unsubscribe(call: number, subscription: number): void {
    this.#answer(call, this.#subscriptions.closeOne(subscription), () => this.#events.done(call))
  }

  begun(tag: number): void {
    const delivery = this.#subscriptions.held(tag)
    if (delivery !== undefined) this.#engine.begun?.(delivery)
  }

  settle(call: number, tag: number, settlement: Settlement): void {
    const delivery = this.#subscriptions.held(tag)
    if (delivery === undefined) {
      this.#events.settled(call, 'not-held')
      this.#wake()
      return
    }
    this.#engine.settle(delivery, settlement).then(
      (settled) => {
        this.#subscriptions.ended(tag)
        if (this.#isOver) return
        this.#events.settled(call, settled)
        this.#wake()
      },
      (error) => this.#failed(call, error),
    )
  }

  reportProgress(tag: number, contentType: string, body: Uint8Array): void {
    // Whoever watches would be sent it, and there may be many.
    if (body.length > limits.bodyBytesMax)
      throw wireFault(`a progress value has ${body.length} bytes`)
    const delivery = this.#subscriptions.held(tag)
    if (delivery !== undefined) this.#engine.reportProgress(delivery, body, contentType)
  }

  watchOutcome(watch: number, id: string): void {
    this.#watches.outcome(watch, id)
  }

  watchProgress(watch: number, id: string): void {
    this.#watches.progress(watch, id)
  }

  unwatch(watch: number): void {
    this.#watches.stop(watch)
  }

  declareQueue(call: number, queue: string, settings: unknown): void {
    this.#questions.declareQueue(call, queue, settings)
  }

  answer(call: number, id: string): void {
    this.#questions.answer(call, id)
  }

  cancel(call: number, id: string, reason: string | undefined): void {
    this.#questions.cancel(call, id, reason)
  }

  gather(call: number, request: unknown): void {
    this.#questions.gather(call, request)
  }

  queues(call: number): void {
    this.#questions.queues(call)
  }

  outcomes(call: number, filter: unknown): void {
    this.#questions.outcomes(call, filter)
  }

  deadLetters(call: number, filter: unknown): void {
    this.#questions.deadLetters(call, filter)
  }

  replayDeadLetters(call: number, filter: unknown): void {
    this.#questions.replayDeadLetters(call, filter)
  }

  dropDeadLetters(call: number, filter: unknown): void {
    this.#questions.dropDeadLetters(call, filter)
  }

  purgeQueue(call: number, queue: string): void {
    this.#questions.purgeQueue(call, queue)
  }

  pauseQueue(call: number, queue: string): void {
    this.#questions.setPaused(call, queue, true)
  }

  resumeQueue(call: number, queue: string): void {
    this.#questions.setPaused(call, queue, false)
  }

  backup(call: number, directory: string): void {
    this.#questions.backup(call, directory)
  }

  // --- reading ---

  readonly #mayRead = (): boolean => !this.#isOver && !this.#questions.isFull && this.hasRoom()

  async #takeLater(body: Uint8Array, from: number): Promise<void> {
    let at = from
    while (at < body.length && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#goOn = resolve
      })
      this.#goOn = undefined
      at = this.#reader.read(body, at, this.#mayRead)
    }
  }

  #readOn(): void {
    if (this.#goOn !== undefined && this.#mayRead()) this.#goOn()
  }

  #frame(type: number, reader: ByteReader): void {
    if (!this.#isGreeted && type !== frameTypes.hello)
      throw wireFault('it did not begin with hello')
    readCall(type, reader, this)
  }

  // --- answering ---

  #publishedMany(
    call: number,
    of: {
      readonly messages: readonly Message[]
      readonly again: boolean
      readonly accepted: readonly Accepted[]
    },
  ): void {
    if (this.#isOver) return
    const { messages, again, accepted } = of
    const told = accepted.map((one, n) => found(messages[n] as Message, again, one))
    this.#events.publishedMany(call, told)
    this.#wake()
  }

  #answer<T>(call: number, asked: Promise<T>, told: (value: T) => void): void {
    asked.then(
      (value) => {
        if (this.#isOver) return
        told(value)
        this.#wake()
      },
      (error) => this.#failed(call, error),
    )
  }

  #failed(call: number, error: unknown): void {
    if (this.#isOver) return
    this.#events.failed(call, this.#shown(error))
    this.#wake()
  }

  /** As the client may see it. */
  #shown(error: unknown): HomingError {
    const { access, onProblem } = this.#parts
    if (!(error instanceof HomingError)) {
      onProblem(`a call over the port failed: ${error}`)
      return new HomingError('server-failed', 'the server failed at this call; its log says why')
    }
    if (access.mayKnowMachine || !machineErrors.has(error.code)) return this.#names.errorOut(error)
    const { meaning } = errorCodes[error.code as ErrorCode]
    return new HomingError(error.code, `${meaning} The log of the server says more`)
  }

  /** The client keeps what it publishes while publishers are to wait. */
  #mustHold(call: number): boolean {
    const reason = this.#parts.sink.blockedFor()
    if (reason === undefined && !this.#holds) return false
    this.#holds = true
    this.#events.held(call, reason ?? 'publishers were to wait')
    this.#wake()
    return true
  }

  #releasePublishers(): void {
    if (!this.#holds || this.#parts.sink.blockedFor() !== undefined) return
    this.#events.goOn()
    this.#wake()
  }

  #wake(): void {
    if (this.#isAwaitingTurn || this.#isOver) return
    this.#isAwaitingTurn = true
    this.#parts.sink.atEndOfTurn(this)
  }

  #send(): void {
    if (this.#isOver) return
    this.#batch.eachBody((body) => this.#parts.sink.send(body))
  }
}

/** An id that nobody chose and that is sent again is known because it arrived before. */
function found({ idChosen }: Message, again: boolean, accepted: Accepted): Accepted {
  return again && !idChosen && accepted.duplicate ? { ...accepted, duplicate: false } : accepted
}
