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
}
