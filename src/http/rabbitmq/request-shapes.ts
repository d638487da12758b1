/*
 * Parts of bodies that tools for RabbitMQ send: true and false as texts, numbers as texts, tags with commas.
 * Members that are not known are left aside, as RabbitMQ does.
 */

import { z } from 'zod'

/** `true`, or `"true"`. */
export const looseBoolean = z.union([
  z.boolean(),
  z.enum(['true', 'false']).transform((text) => text === 'true'),
])

/** `7`, or `"7"`. */
export const looseCount = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
])

/** `["a", "b"]`, or `"a,b"`. */
export const tagsShape = z.union([
  z.array(z.string()),
  z.string().transform((text) =>
    text
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
  ),
])

/** An empty list is what Erlang writes for an empty object. */
export const objectShape = z.union([
  z.record(z.string(), z.unknown()),
  z.tuple([]).transform((): Record<string, unknown> => ({})),
])
