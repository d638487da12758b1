/*
 * An exchange, as RabbitMQ lists it.
 */

import { z } from 'zod'
import { argumentsShape } from './arguments.ts'

export const exchangeShape = z.object({
  /** '' is the default exchange; in paths it is `amq.default`. */
  name: z.string(),
  vhost: z.string(),
  type: z.string(),
  durable: z.boolean(),
  auto_delete: z.boolean(),
  internal: z.boolean(),
  arguments: argumentsShape,
  policy: z.string().nullable(),
  user_who_performed_action: z.string(),
  homing: z
    .object({
      /** Rights of the caller on it. */
      may: z.object({ configure: z.boolean(), write: z.boolean(), read: z.boolean() }),
      /** Bindings from it and to it. */
      bindings_from: z.number(),
      bindings_to: z.number(),
    })
    .optional(),
})

export const publishedShape = z.object({ routed: z.boolean() })

export type ExchangeObject = z.infer<typeof exchangeShape>
