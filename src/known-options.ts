/*
 * Options are refused when nobody reads them: a misspelt `atempts: 10` that is silently ignored is
 * found in production. The error names the nearest known option.
 */

import { HomingError } from './errors.ts'

/**
 * Fails with `unknown-option` when `options` has a key that is not in `known`, and with `bad-argument`
 * when it is not an object.
 *
 * @example
 * checkOptions({ grase: '5s' }, new Set(['grace']), 'home.close') // … did you mean "grace"?
 */
export function checkOptions(options: object, known: ReadonlySet<string>, of: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new HomingError(
      'bad-argument',
      `the options of ${of} are ${options === null ? 'null' : typeof options}; give an object`,
    )
  }
  for (const key in options) {
    if (!known.has(key)) throw unknownOption(key, known, of)
  }
}

function unknownOption(key: string, known: ReadonlySet<string>, of: string): HomingError {
  const nearest = nearestName(key, known)
  const hint = nearest === undefined ? '' : `did you mean "${nearest}"? `
  const all = [...known].sort().join(', ') || 'none'
  return new HomingError(
    'unknown-option',
    `${of} has no option "${key.slice(0, 80)}"; ${hint}known are: ${all}`,
    { data: { option: key, nearest } },
  )
}

/** The name that differs least from what was written, if any is close enough to be meant. */
export function nearestName(written: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined
  let leastEdits = Math.max(2, Math.min(4, Math.floor(written.length / 2))) + 1
  for (const name of names) {
    if (Math.abs(name.length - written.length) >= leastEdits) continue
    const edits = editDistance(written.toLowerCase(), name.toLowerCase())
    if (edits < leastEdits) {
      leastEdits = edits
      nearest = name
    }
  }
  return nearest
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
