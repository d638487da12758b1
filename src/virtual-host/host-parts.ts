import type { Clock } from '../clock.ts'
import type { QueueDoor } from '../embedded/queue-door.ts'
import type { Definitions } from './definitions.ts'

/** What all virtual hosts of a broker share. */
export interface HostParts {
  readonly door: QueueDoor
  readonly definitions: Definitions
  readonly clock: Clock
  /** Unguessable bytes. */
  readonly randomBytes: (count: number) => Uint8Array
  /** Signs the addresses of direct replies; whoever has it can make one. */
  readonly replySecret: Uint8Array
  /** Told what people should know and no client can be told. */
  readonly onProblem: (text: string) => void
}
