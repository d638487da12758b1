/*
 * Who is logged in, and what they may do: GET /api/session
 */

import { z } from 'zod'
import { accessLevels } from '../access.ts'

export const identity = z.object({
  user: z.string(),
  tags: z.array(z.string()),
  /** Levels of routes the user may call. */
  access: z.array(z.enum(accessLevels)),
  virtualHosts: z.array(z.string()),
  /** Patterns of the names that the user may configure, write to and read from. */
  permissions: z.array(
    z.object({
      vhost: z.string(),
      configure: z.string(),
      write: z.string(),
      read: z.string(),
    }),
  ),
  readOnly: z.boolean(),
})
export type Identity = z.infer<typeof identity>
