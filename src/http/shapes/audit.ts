/*
 * The audit log: who did what, from where, and what came of it.
 */

import { z } from 'zod'

export const auditEntryShape = z.object({
  /** 1 for the first there ever was; without gaps. */
  sequence: z.number(),
  /** Wall milliseconds. */
  at: z.number(),
  /** '' for nobody: a login that was refused names the user it was for in `on`. */
  user: z.string(),
  /** Address of the client; `command` for the command line. */
  from: z.string(),
  /** `login`, `queue.delete`, `user.put` … */
  action: z.string(),
  /** What it was done to, such as the path. */
  on: z.string(),
  result: z.enum(['done', 'refused', 'failed']),
  /** Code of the error, when it was not done. */
  code: z.string().optional(),
})

export const auditPageShape = z.object({
  /** Newest first. */
  entries: z.array(auditEntryShape),
  /** For `before` of the next page; null on the last. */
  next: z.number().nullable(),
})

export type AuditEntry = z.infer<typeof auditEntryShape>
export type AuditPage = z.infer<typeof auditPageShape>
