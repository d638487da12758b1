/** Bytes of `'64MiB'`, `'2GiB'`, `'8192'`; NaN when it is no size. */
export function sizeBytes(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})\s*([kmgt]ib)?$/i.exec(text) ?? []
  const bytes =
    digits === '' ? Number.NaN : Number(digits) * (unitBytes.get(unit.toLowerCase()) ?? 1)
  return Number.isSafeInteger(bytes) ? bytes : Number.NaN
}

const unitBytes: ReadonlyMap<string, number> = new Map([
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
  ['tib', 2 ** 40],
])

/** In the largest unit that gives a whole number. */
export function sizeText(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    const size = unitBytes.get(unit.toLowerCase()) ?? 1
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  }
  return String(bytes)
}
