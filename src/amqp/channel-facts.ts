import type { HeaderTable } from '../embedded/routing/header-value.ts'

/** What there is to see of a consumer of a channel. */
export interface ConsumerFacts {
  readonly consumerTag: string
  readonly queue: string
  readonly noAck: boolean
  readonly exclusive: boolean
  /** 0 for no limit. */
  readonly prefetch: number
  readonly args: HeaderTable
  /** Deliveries it holds. */
  readonly unacknowledged: number
}

/** What there is to see of a channel. A copy: it does not change. */
export interface ChannelFacts {
  readonly number: number
  readonly state: 'open' | 'closing' | 'closed'
  readonly consumers: number
  /** Deliveries that the client has not settled. */
  readonly unacknowledged: number
  readonly prefetch: number
  readonly sharedPrefetch: number
  readonly isConfirming: boolean
  readonly isTransactional: boolean
  /** Publishes the client has not heard of. */
  readonly unconfirmed: number
  /** Messages published since it was opened. */
  readonly published: number
  readonly consumerFacts: readonly ConsumerFacts[]
}
