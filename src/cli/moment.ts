import { Refusal } from './refusal.ts'

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** A moment from `2h` (so long ago) or a date and time. `option` names it in the error. */
export function momentFrom(text: string, option: string, nowMs: number = Date.now()): Date {
  const ago = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text)
  const ms = ago
    ? nowMs - Number(ago[1]) * unitMs[ago[2] as keyof typeof unitMs]
    : /^\d{4}-\d{2}/.test(text)
      ? Date.parse(text)
      : Number.NaN
  if (Number.isFinite(ms) && ms >= 0) return new Date(ms)
  throw new Refusal(
    'usage',
    `${option} is "${text}"; give a duration ago like 30s, 5m, 2h, 7d, or a time like 2026-11-21 or 2026-11-21T08:00`,
  )
}
