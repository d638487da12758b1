/*
 * Spans by OpenTelemetry, through its API alone: which SDK records them, and whether one does, is the
 * program's business.
 *
 *   sender's context ── headers ──▶ process (attempt 1) · process (attempt 2) · callback
 *
 * Rule: no body, no text of an error, no stack is in a span: codes, names, ids and sizes only.
 * A delivery's span is a child of what its message carries, never of what happens to be active where
 * the engine hands it out.
 */

import { Buffer } from 'node:buffer'
import type {
  Attributes,
  Context,
  Link,
  Span,
  SpanKind,
  TextMapGetter,
  Tracer,
} from '@opentelemetry/api'
import { optionalModule } from '../contract/optional-module.ts'
import type { Accepted } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Delivery, Revocation } from '../message/delivery.ts'
import { decodeHomecoming, outcomeContentType } from '../message/homecoming.ts'
import type { Message } from '../message/message.ts'
import type { Settlement } from '../message/settlement.ts'
import { textHeader } from '../message/trace-context.ts'
import {
  messagingSystem,
  type SpanOperation,
  spanAttributes,
  spanOperations,
} from '../span-attributes.ts'
import { version } from '../version.ts'
import { isThenable } from './handler-run.ts'
import type { DeliveryTrace, Tracing } from './tracing.ts'

type Api = typeof import('@opentelemetry/api')

/** Fails with `module-missing`. */
export async function openTracing(
  load: () => Promise<Api> = () => import('@opentelemetry/api'),
): Promise<Tracing> {
  const api = await optionalModule('@opentelemetry/api', 'homing() with traces: true', load)
  return new OpenTelemetry(api)
}

interface SpanParts {
  readonly kind: SpanKind
  readonly attributes?: Attributes
  readonly links?: Link[]
  /** What is active, where it is not given. */
  readonly parent?: Context
}

class OpenTelemetry implements Tracing {
  readonly #api: Api
  readonly #tracer: Tracer

  constructor(api: Api) {
    this.#api = api
    this.#tracer = api.trace.getTracer('homing', version)
  }

  send(message: Message, publish: (traced: Message) => Promise<Accepted>): Promise<Accepted> {
    const span = this.#start('send', message.routingKey, {
      kind: this.#api.SpanKind.PRODUCER,
      attributes: {
        [spanAttributes.messageId]: message.id,
        [spanAttributes.bodyBytes]: message.body.length,
      },
    })
    return this.#ending(
      span,
      () => publish(this.#carrying(message, this.#within(span))),
      ({ duplicate }) => {
        if (duplicate) span.setAttribute(spanAttributes.duplicate, true)
      },
    )
  }

  sendMany(
    messages: readonly Message[],
    publish: (traced: readonly Message[]) => Promise<readonly Accepted[]>,
  ): Promise<readonly Accepted[]> {
    const queue = messages[0]?.routingKey ?? ''
    const span = this.#start('send', queue, {
      kind: this.#api.SpanKind.PRODUCER,
      attributes: { [spanAttributes.batchCount]: messages.length },
    })
    const context = this.#within(span)
    return this.#ending(span, () =>
      publish(messages.map((message) => this.#carrying(message, context))),
    )
  }

  call<T>(queue: string, run: () => Promise<T>): Promise<T> {
    const span = this.#start('call', queue, { kind: this.#api.SpanKind.INTERNAL })
    return this.#ending(span, () => this.#api.context.with(this.#within(span), run))
  }

  wait<T>(
    { queue, id }: { readonly queue: string; readonly id: string },
    run: () => Promise<T>,
    codeOf: (value: T) => string,
  ): Promise<T> {
    const span = this.#start('wait', queue, {
      kind: this.#api.SpanKind.INTERNAL,
      attributes: { [spanAttributes.messageId]: id },
    })
    return this.#ending(span, run, (value) => {
      span.setAttribute(spanAttributes.outcome, codeOf(value))
    })
  }

  process(delivery: Delivery): DeliveryTrace {
    return this.#received('process', delivery, this.#carriedBy(delivery.message))
  }

  callback(delivery: Delivery): DeliveryTrace {
    return this.#received('callback', delivery, this.#broughtHome(delivery.message))
  }

  batch<T>(queue: string, deliveries: readonly Delivery[], run: () => T): T {
    const api = this.#api
    const parent = api.ROOT_CONTEXT
    const links = deliveries.flatMap(({ message }): Link[] => {
      const context = api.trace.getSpanContext(this.#carriedBy(message))
      return context === undefined ? [] : [{ context }]
    })
    const attributes = { [spanAttributes.batchCount]: deliveries.length }
    const kind = api.SpanKind.CONSUMER
    const span = this.#start('process', queue, { kind, attributes, links, parent })
    const context = api.trace.setSpan(parent, span)
    const threw = (): void => {
      this.#failed(span, 'thrown')
      span.end()
    }
    try {
      const returned = api.context.with(context, run)
      if (isThenable(returned)) returned.then(() => span.end(), threw)
      else span.end()
      return returned
    } catch (error) {
      threw()
      throw error
    }
  }

  #received(operation: SpanOperation, delivery: Delivery, parent: Context): DeliveryTrace {
    const api = this.#api
    const { message, queue, attempt } = delivery
    const attributes = {
      [spanAttributes.messageId]: message.id,
      [spanAttributes.bodyBytes]: message.body.length,
      [spanAttributes.attempt]: attempt,
    }
    const kind = api.SpanKind.CONSUMER
    const span = this.#start(operation, queue, { kind, attributes, parent })
    const failed = (code: string): void => this.#failed(span, code)
    const within = <T>(run: () => T): T => api.context.with(api.trace.setSpan(parent, span), run)
    return new SpanOfDelivery(span, within, failed)
  }

  #start(operation: SpanOperation, queue: string, parts: SpanParts): Span {
    const { kind, links = [], parent = this.#api.context.active() } = parts
    const { name, type } = spanOperations[operation]
    const attributes = {
      [spanAttributes.system]: messagingSystem,
      [spanAttributes.operation]: name,
      ...(type !== undefined && { [spanAttributes.operationType]: type }),
      [spanAttributes.destination]: queue,
      ...parts.attributes,
    }
    return this.#tracer.startSpan(`${name} ${queue}`, { kind, attributes, links }, parent)
  }

  #within(span: Span): Context {
    return this.#api.trace.setSpan(this.#api.context.active(), span)
  }

  /** The message with the trace in its headers; as it is when that would be too much for a message. */
  #carrying(message: Message, context: Context): Message {
    const carrier: Record<string, string> = Object.create(null)
    this.#api.propagation.inject(context, carrier)
    if (Object.keys(carrier).length === 0) return message
    const meta = { ...message.meta, headers: { ...message.meta?.headers, ...carrier } }
    if (Buffer.byteLength(JSON.stringify(meta)) > limits.metaBytesMax) return message
    return { ...message, meta }
  }

  #carriedBy(message: Message): Context {
    const { propagation, ROOT_CONTEXT } = this.#api
    return propagation.extract(ROOT_CONTEXT, message, headersGetter)
  }

  #broughtHome({ contentType, body }: Message): Context {
    const { propagation, ROOT_CONTEXT } = this.#api
    if (contentType !== outcomeContentType) return ROOT_CONTEXT
    try {
      return propagation.extract(ROOT_CONTEXT, decodeHomecoming(body).trace ?? {})
    } catch {
      // Who reads it to act on it says what is wrong with it.
      return ROOT_CONTEXT
    }
  }

  /** Runs it and ends the span with what comes of it, also when it fails at once. */
  async #ending<T>(span: Span, run: () => Promise<T>, came?: (value: T) => void): Promise<T> {
    try {
      const value = await run()
      came?.(value)
      return value
    } catch (error) {
      this.#failed(span, codeOf(error))
      throw error
    } finally {
      span.end()
    }
  }

  #failed(span: Span, code: string): void {
    span.setAttribute(spanAttributes.errorType, code)
    span.setStatus({ code: this.#api.SpanStatusCode.ERROR })
  }
}

class SpanOfDelivery implements DeliveryTrace {
  readonly #span: Span
  readonly within: <T>(run: () => T) => T
  readonly #failed: (code: string) => void

  constructor(span: Span, within: <T>(run: () => T) => T, failed: (code: string) => void) {
    this.#span = span
    this.within = within
    this.#failed = failed
  }

  settled(settlement: Settlement): void {
    this.#span.setAttribute(spanAttributes.settlement, settlement.kind)
    if (settlement.kind === 'final') {
      this.#span.setAttribute(spanAttributes.outcome, settlement.code)
      if (settlement.code !== 'ok') this.#failed(settlement.code)
    } else if (settlement.kind === 'retry') this.#failed(settlement.code)
    this.#span.end()
  }

  revoked(reason: Revocation): void {
    this.#span.setAttribute(spanAttributes.settlement, 'revoked')
    this.#failed(reason)
    this.#span.end()
  }
}

/** Whatever propagator is registered asks for its headers by name. */
const headersGetter: TextMapGetter<Message> = {
  get: (message, name) => textHeader(message, name),
  keys: ({ meta }) => Object.keys(meta?.headers ?? {}),
}

/** Texts of errors may hold what was sent: the code, or the class, says enough. */
function codeOf(error: unknown): string {
  if (error instanceof HomingError) return error.code
  return error instanceof Error ? error.constructor.name : 'other'
}
