/*
 * What the shapes of answers have in common.
 *
 * Times are wall milliseconds and end in `AtMs`; what is not known or does not apply is left out, and
 * so is what has no limit. Bodies are base64, beginning at their first byte, and cut where they are longer
 * than asked for: then `bodyBytes` says more than there is. Names and ids are those within `vhost`.
 */

import { z } from 'zod'

export const count = z.int().min(0)
export const timeMs = z.number()

/** Of the next page: given back as `after`. Absent on the last page. */
export const next = z.string().optional()

export const body = {
  contentType: z.string(),
  /** Of the whole body. */
  bodyBytes: count,
  bodyBase64: z.string(),
}

/** Properties of an AMQP message, and what else has a table in it; bytes are `{ "base64": … }`. */
export const properties = z.record(z.string(), z.unknown())
export type PropertiesJson = z.infer<typeof properties>
