import { HomingError } from './errors.ts'
import { limits } from './limits.ts'

/** `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'7d'`, or a number of milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Milliseconds of a duration. `what` names it in the error.
 * Fails with `bad-duration` when it is negative, unreadable or longer than ten years.
 *
 * @example
 * durationMs('1.5s', 'within') // 1500
 */
export function durationMs(duration: Duration, what: string): number {
  const ms = typeof duration === 'number' ? duration : parse(duration)
  if (ms >= 0 && ms <= limits.durationMsMax) return ms
  throw new HomingError(
    'bad-duration',
    `${what} is ${show(duration)}; give milliseconds or a text like '250ms', '30s', '5m', '2h', '7d', between 0 and ten years`,
  )
}

function parse(text: unknown): number {
  const match =
    typeof text === 'string' ? /^(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d)$/.exec(text) : null
  return match ? Number(match[1]) * unitMs[match[2] as keyof typeof unitMs] : Number.NaN
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 40)}'` : String(value)
}
