/*
 * Values from outside, held against their shape.
 */

import type { z } from 'zod'
import { HomingError } from '../errors.ts'

/** The value as its shape has it. Fails with `bad-argument`, which names what does not fit. */
export function fitted<T>(shape: z.ZodType<T>, value: unknown, what: string): T {
  const result = shape.safeParse(value)
  if (result.success) return result.data
  const faults = result.error.issues.slice(0, 5).map(({ path, message }) => {
    const place = path.map(String).join('.')
    return place === '' ? message : `${place}: ${message}`
  })
  throw new HomingError('bad-argument', `${what} does not fit: ${faults.join('; ')}`)
}
