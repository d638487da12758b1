/*
 * What lists take in their query.
 */

import { z } from 'zod'
import { limits } from '../limits.ts'

export const wholeText = (min: number, max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'give a whole number')
    .transform(Number)
    .refine((number) => number >= min && number <= max, `give a number from ${min} to ${max}`)
    .meta({ type: 'integer', minimum: min, maximum: max })

export const flagText: z.ZodType<boolean, string> = z
  .enum(['true', 'false'])
  .transform((text) => text === 'true')

export const pageNames = {
  /** Rows of the page; 100 by default. */
  limit: wholeText(1, limits.httpPageMax).optional(),
  /** `next` of the page before. */
  after: z.string().optional(),
}

export const rangeNames = {
  /** Milliseconds, an ISO date, or a duration ago: `1h`. */
  since: z.string().optional(),
  before: z.string().optional(),
}

/** Bytes shown of each body. */
export const shownNames = { bodyBytesMax: wholeText(0, limits.httpShownBytesMax).optional() }

export const shownBytesDefault = 1_024
export const pageDefault = 100
