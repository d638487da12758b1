/*
 * Numbers as people read them.
 */

const formats = new Map<string, Intl.NumberFormat>()

/** Making a format costs a hundred times what using it does. */
function written(value: number, locale: string, options: Intl.NumberFormatOptions): string {
  const key = `${locale} ${options.unit} ${options.notation} ${options.maximumFractionDigits}`
  const format = formats.get(key) ?? new Intl.NumberFormat(locale, options)
  formats.set(key, format)
  return format.format(value)
}

/** `1,234`; from a million on `1.23M`. */
export function countText(value: number, locale: string): string {
  const isLong = Math.abs(value) >= 1_000_000
  const options = { maximumFractionDigits: isLong ? 2 : 0 }
  return written(value, locale, isLong ? { ...options, notation: 'compact' } : options)
}

/** Per second: `0`, `0.4`, `12`, `1,204`. */
export function rateText(value: number, locale: string): string {
  const digits = value === 0 || value >= 10 ? 0 : 1
  return written(value, locale, { maximumFractionDigits: digits })
}

const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

export function bytesText(value: number, locale: string): string {
  let size = value
  let unit = 0
  while (Math.abs(size) >= 1_000 && unit < units.length - 1) {
    size /= 1_000
    unit++
  }
  return written(size, locale, {
    style: 'unit',
    unit: units[unit] ?? 'byte',
    unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: size < 10 && unit > 0 ? 1 : 0,
  })
}

const spans = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** `0.4 ms`, `120 ms`, `1.5 s`, `2 min 5 s`, `3 h 20 min`: at most so many units. */
export function durationText(ms: number, locale: string, parts = 2): string {
  const write = (value: number, unit: string, digits = 0): string =>
    written(value, locale, {
      style: 'unit',
      unit,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    })
  if (ms < 1_000) return write(ms, 'millisecond', ms > 0 && ms < 10 ? 1 : 0)
  if (ms < 60_000) return write(ms / 1_000, 'second', ms < 10_000 ? 1 : 0)
  const words: string[] = []
  let rest = ms
  for (const [unit, size] of spans) {
    if (words.length >= parts) break
    const count = Math.floor(rest / size)
    if (count === 0 && words.length === 0) continue
    rest -= count * size
    if (count > 0) words.push(write(count, unit))
    else break
  }
  return words.join(' ')
}
