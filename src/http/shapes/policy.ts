/*
 * Policies and parameters, as RabbitMQ lists them.
 */

import { z } from 'zod'
import { argumentsShape } from './arguments.ts'

export const policyShape = z.object({
  vhost: z.string(),
  name: z.string(),
  /** A regular expression that finds its match anywhere in a name. */
  pattern: z.string(),
  'apply-to': z.enum(['all', 'queues', 'exchanges', 'classic_queues', 'quorum_queues', 'streams']),
  priority: z.number(),
  definition: argumentsShape,
})

export const parameterShape = z.object({
  vhost: z.string(),
  component: z.string(),
  name: z.string(),
  value: z.unknown(),
})

export const globalParameterShape = z.object({ name: z.string(), value: z.unknown() })

export type PolicyObject = z.infer<typeof policyShape>
