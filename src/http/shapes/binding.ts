/*
 * A binding, as RabbitMQ lists it.
 */

import { z } from 'zod'
import { argumentsShape } from './arguments.ts'

export const bindingShape = z.object({
  source: z.string(),
  vhost: z.string(),
  destination: z.string(),
  destination_type: z.enum(['queue', 'exchange']),
  routing_key: z.string(),
  arguments: argumentsShape,
  /** What names it in the path of a single binding, beside source and destination. */
  properties_key: z.string(),
})

export type BindingObject = z.infer<typeof bindingShape>
