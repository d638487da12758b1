import { HomingError } from './errors.ts'

/** Checks that an option is a whole number within its range. Fails with `bad-argument`. */
export function wholeNumber(value: unknown, what: string, min: number, max: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value
  }
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value)
  throw new HomingError(
    'bad-argument',
    `${what} is ${shown}; give a whole number from ${min} to ${max}`,
  )
}
