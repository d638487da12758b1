import type { Clock } from '../clock.ts'
import type { Broker } from '../embedded/broker.ts'
import { HomingError } from '../errors.ts'
import { MessageSpans } from './message-spans.ts'
import type { ServerLog } from './server-log.ts'
import type { TracingSettings } from './server-settings.ts'
import { SpanExporter } from './span-exporter.ts'
import { wallTime } from './wall-time.ts'

/** The spans of a server, counted since it was started. */
export interface BrokerTraces {
  readonly sent: number
  readonly dropped: number
  /** Once the engine is closed: sends what there is. */
  close(): Promise<void>
}

/** Fails with `bad-argument` for an endpoint that is none. */
export function traceEndpoint({ endpoint }: TracingSettings): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url?.username || url?.password) {
    throw new HomingError(
      'bad-argument',
      'tracing.endpoint has a user or a password in it, which would not be sent; run a collector that needs none beside the server',
    )
  }
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new HomingError(
    'bad-argument',
    `tracing.endpoint is "${endpoint}"; give the address for OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces`,
  )
}

export function openTraces(
  engine: Broker,
  endpoint: URL,
  { clock, log }: { readonly clock: Clock; readonly log: ServerLog },
): BrokerTraces {
  const exporter = new SpanExporter({ endpoint, clock, log })
  const clocks = { engineMs: engine.nowMs, wallMs: wallTime(clock) }
  engine.observe(new MessageSpans(clocks, (span) => exporter.add(span)))
  return exporter
}
