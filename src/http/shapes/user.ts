/*
 * Users and what they may do, as RabbitMQ lists them. A password or its hash is in none of these.
 */

import { z } from 'zod'

export const userShape = z.object({
  name: z.string(),
  tags: z.array(z.string()),
  limits: z.object({
    'max-connections': z.number().optional(),
    'max-channels': z.number().optional(),
  }),
  homing: z.object({
    /** Whether the user can log in by a password; else by a certificate only. */
    password: z.boolean(),
    /** Virtual hosts the user may enter. */
    vhosts: z.array(z.string()),
    /** Connections of now. */
    connections: z.number(),
  }),
})

export const whoamiShape = z.object({ name: z.string(), tags: z.array(z.string()) })

export const permissionShape = z.object({
  user: z.string(),
  vhost: z.string(),
  configure: z.string(),
  write: z.string(),
  read: z.string(),
})

export const topicPermissionShape = z.object({
  user: z.string(),
  vhost: z.string(),
  exchange: z.string(),
  write: z.string(),
  read: z.string(),
})

export const userLimitsShape = z.object({
  user: z.string(),
  value: z.record(z.string(), z.number()),
})

export type UserObject = z.infer<typeof userShape>
export type PermissionObject = z.infer<typeof permissionShape>
