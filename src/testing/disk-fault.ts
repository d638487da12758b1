/*
 * Faults of a simulated disk. Every call on the disk is one operation with a number; a fault plan
 * looks at each operation before it runs and may say what goes wrong with it.
 */

export type DiskOperationKind =
  | 'create'
  | 'open'
  | 'list'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'freeBytes'
  | 'write'
  | 'sync'
  | 'read'
  | 'size'
  | 'close'

export interface DiskOperation {
  /** 1 for the first operation on this disk. */
  readonly number: number
  readonly kind: DiskOperationKind
  /** The file it concerns; '' for the whole directory. */
  readonly name: string
  /** Bytes to write or read; 0 for other operations. */
  readonly bytes: number
}

export type DiskFault =
  /** Rejects with that code and has no effect; a sync that fails loses what it was to make durable. */
  | { readonly kind: 'fail'; readonly code: 'EIO' | 'ENOSPC' | 'EACCES' | 'EMFILE' }
  /** A write takes only its first bytes, and rejects with ENOSPC. Other operations fail with EIO. */
  | { readonly kind: 'shorten' }
  /** The power goes while the operation is under way: any part of its effect may be found later. */
  | { readonly kind: 'cut' }
  /** The power goes just before the operation, or just after it and before the answer. */
  | { readonly kind: 'lose'; readonly when: 'before' | 'after' }
  /** Takes that much longer. Needs a clock. */
  | { readonly kind: 'slow'; readonly ms: number }

export type FaultPlan = (operation: DiskOperation) => DiskFault | undefined

/** A plan in which only operation `number` goes wrong. */
export const nthOperation =
  (number: number, fault: DiskFault): FaultPlan =>
  (operation) =>
    operation.number === number ? fault : undefined

/** An error as the operating system's, with its code. */
export function diskError(code: string, call: string, name: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${call} '${name}'`), { code, syscall: call })
}
