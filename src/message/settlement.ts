/** How a delivery ends. */
export type Settlement =
  /** Answered: the outcome is final. Built-in codes marked so are kept as dead letters. */
  | {
      readonly kind: 'final'
      readonly code: string
      readonly contentType: string
      readonly body: Uint8Array
    }
  /**
   * Failed this time: comes back to its old place after the delay. When the message has no
   * attempts left, `code` and `body` become its outcome instead; the consumer need not count.
   */
  | {
      readonly kind: 'retry'
      readonly delayMs: number
      readonly code: 'thrown' | 'lost'
      /** JSON of the error's data. */
      readonly body: Uint8Array
    }
  /** Given back untouched, at its old place; the attempt does not count against the limit. */
  | { readonly kind: 'return' }
  /** Done, and no outcome is to be kept: what callback queues and plain acknowledgements use. */
  | { readonly kind: 'acknowledge' }

/** What the engine says to a settle. */
export type Settled =
  | { readonly accepted: true }
  /** Too late: `by` tells who won. Nothing was changed. */
  | {
      readonly accepted: false
      readonly by: 'timeout' | 'expired' | 'canceled' | 'settled' | 'closed'
    }
