import type { Message } from './message.ts'

/** One handing of one message to one consumer. */
export interface Delivery {
  readonly message: Message
  readonly queue: string
  /** 1 on the first delivery, rises by 1 with each. */
  readonly attempt: number
  /** False means never delivered before, not even before a crash. */
  readonly redelivered: boolean
  /** Fences late attempts: unique per engine lifetime, never used twice. */
  readonly tag: number
  /** Wall ms at which the message was accepted. */
  readonly acceptedAtMs: number
}

/** Why a consumer loses a delivery it has not settled. */
export type Revocation = 'timeout' | 'expired' | 'canceled' | 'closed'
