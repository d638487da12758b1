/*
 * Errors whose texts name paths and users of the machine that the engine runs on. Who comes over a network
 * is told what such a code means, and no more.
 */

import type { ErrorCode } from './errors.ts'

export const machineErrors: ReadonlySet<string> = new Set<ErrorCode>([
  ...(['disk-failed', 'disk-full', 'not-permitted', 'format-unknown'] as const),
  ...(['journal-damaged', 'ledger-unavailable', 'locked'] as const),
])
