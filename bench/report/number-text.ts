import type { Figure } from '../scenario/scenario.ts'

/** Three or four digits that matter, with separators: `1,234,000`, `12.3`, `0.123`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'not measured'
  const size = Math.abs(value)
  if (size >= 1_000) return Number(value.toPrecision(size >= 100_000 ? 3 : 4)).toLocaleString('en')
  if (size >= 100) return value.toFixed(0)
  if (size >= 10) return value.toFixed(1)
  if (size >= 1) return value.toFixed(2)
  return value.toFixed(3)
}

export const figureText = (value: number, unit: Figure['unit']): string =>
  unit === '/s' || unit === '×'
    ? `${numberText(value)}${unit === '×' ? ' ×' : unit}`
    : `${numberText(value)} ${unit}`
