/*
 * A collector of traces: OTLP over HTTP in JSON, on this machine.
 */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState?: string
  readonly name: string
  readonly kind: number
  readonly flags: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code?: number }
  /** By name; numbers as texts. */
  readonly attributes: Readonly<Record<string, string>>
}

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: string }
}

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<CollectedSpan, 'attributes'> & {
        readonly attributes: readonly Attribute[]
      })[]
    }[]
  }[]
}

const valuesOf = (attributes: readonly Attribute[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? '']),
  )

export class Collector implements AsyncDisposable {
  readonly spans: CollectedSpan[] = []
  readonly services: string[] = []
  requests = 0
  /** What it answers with. */
  status = 200
  /** Resolved at each request that it answers. */
  #answered = Promise.withResolvers<void>()
  readonly #server = createServer(async (request, response) => {
    const sent = (await json(request)) as Sent
    this.requests++
    if (this.status === 200) this.#take(sent)
    response.writeHead(this.status, { location: 'http://127.0.0.1:9/' }).end('{}')
    this.#answered.resolve()
    this.#answered = Promise.withResolvers()
  })

  static async start(): Promise<Collector> {
    const collector = new Collector()
    collector.#server.listen(0, '127.0.0.1')
    await once(collector.#server, 'listening')
    return collector
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`
  }

  get answered(): Promise<void> {
    return this.#answered.promise
  }

  #take({ resourceSpans }: Sent): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      this.services.push(valuesOf(resource.attributes)['service.name'] ?? '')
      for (const { spans } of scopeSpans)
        for (const span of spans)
          this.spans.push({ ...span, attributes: valuesOf(span.attributes) })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
