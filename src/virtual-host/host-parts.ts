import type { Clock } from '../clock.ts'
import type { QueueDoor } from '../embedded/queue-door.ts'
import type { Engine } from '../engine.ts'
import type { Definitions } from './definitions.ts'

/** What all virtual hosts of a broker share. */
export interface HostParts {
  readonly door: QueueDoor
  /** The same engine by its port, for clients that speak it; without one there are none. */
  readonly engine?: Engine
  readonly definitions: Definitions
  readonly clock: Clock
  /** Unguessable bytes. */
  readonly randomBytes: (count: number) => Uint8Array
  /** Signs the addresses of direct replies; whoever has it can make one. */
  readonly replySecret: Uint8Array
  /** Told what people should know and no client can be told. */
  readonly onProblem: (text: string) => void
}
