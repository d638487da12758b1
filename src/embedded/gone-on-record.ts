import { HeldDelivery } from './live-queue.ts'
import type { Entry } from './queue/entry.ts'

/** On its way to a consumer that acknowledges nothing: the journal says already that it is gone. */
export const isGoneOnRecord = ({ holder }: Entry): boolean =>
  holder instanceof HeldDelivery && holder.isGoneOnRecord
