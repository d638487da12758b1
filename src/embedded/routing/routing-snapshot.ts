import type { Binding, DestinationKind } from './binding.ts'
import type { Exchange, ExchangeType } from './exchange.ts'
import { type PlainEntry, plainTable } from './header-value.ts'

/** Exchanges and bindings as JSON can hold them: for checkpoints and for the dashboard. */
export interface RoutingSnapshot {
  readonly exchanges: readonly PlainExchange[]
  readonly bindings: readonly PlainBinding[]
}

export interface PlainExchange {
  readonly name: string
  readonly type: ExchangeType
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly internal: boolean
  readonly alternate?: string
  readonly args?: readonly PlainEntry[]
}

export interface PlainBinding {
  readonly source: string
  readonly kind: DestinationKind
  readonly destination: string
  readonly routingKey: string
  readonly args?: readonly PlainEntry[]
}

export const plainExchange = ({ alternate, args, ...rest }: Exchange): PlainExchange => ({
  ...rest,
  ...(alternate !== undefined && { alternate }),
  ...(args.size > 0 && { args: plainTable(args) }),
})

export const plainBinding = ({ args, ...rest }: Binding): PlainBinding => ({
  ...rest,
  ...(args.size > 0 && { args: plainTable(args) }),
})
