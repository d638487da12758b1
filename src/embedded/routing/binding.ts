import { type HeaderTable, tableKey } from './header-value.ts'

export type DestinationKind = 'queue' | 'exchange'

/** From an exchange to a queue or another exchange. */
export interface Binding {
  readonly source: string
  readonly kind: DestinationKind
  readonly destination: string
  /** The routing key of a direct, the pattern of a topic exchange; others ignore it. */
  readonly routingKey: string
  /** What a headers exchange compares; others ignore them, but they tell bindings apart. */
  readonly args: HeaderTable
}

/** What makes two bindings of one source the same binding. */
export const bindingKey = (binding: Binding): string =>
  JSON.stringify([binding.kind, binding.destination, binding.routingKey, tableKey(binding.args)])
