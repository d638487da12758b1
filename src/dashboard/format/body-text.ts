/*
 * Bytes as people can read them: JSON, text, or a hex dump.
 */

export const bytesOf = (base64: string): Uint8Array =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))

/** Undefined when the bytes are no text: not UTF-8, or full of control characters. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    return /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** With a line for each member; numbers and texts as they were written. Undefined when it is no JSON. */
export function jsonOf(text: string): string | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  let depth = 0
  const line = (): string => `\n${'  '.repeat(depth)}`
  return text.replace(mark, (found) => {
    if (found.startsWith('"')) return found
    if (/^\s/.test(found)) return ''
    if (found === ':') return ': '
    if (found === ',') return `,${line()}`
    if (/^[[{]\s*[\]}]$/.test(found)) return found.replace(/\s/g, '')
    depth += found === '{' || found === '[' ? 1 : -1
    return found === '{' || found === '[' ? found + line() : line() + found
  })
}

/** A text, an empty list or object, or what stands between values. */
const mark = /"(?:[^"\\]|\\.)*"|\{\s*\}|\[\s*\]|[{}[\],:]|\s+/g

export interface Token {
  readonly kind: 'key' | 'string' | 'literal' | 'plain'
  readonly text: string
}

const tokensMax = 20_000
const piece = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** JSON in pieces to be coloured; a very long one in one piece. */
export function jsonTokens(json: string): readonly Token[] {
  const tokens: Token[] = []
  let end = 0
  for (const match of json.matchAll(piece)) {
    if (tokens.length > tokensMax) return [{ kind: 'plain', text: json }]
    const [whole, quoted, colon] = match
    if (match.index > end) tokens.push({ kind: 'plain', text: json.slice(end, match.index) })
    const kind = quoted === undefined ? 'literal' : colon === undefined ? 'string' : 'key'
    tokens.push({ kind, text: whole })
    end = match.index + whole.length
  }
  if (end < json.length) tokens.push({ kind: 'plain', text: json.slice(end) })
  return tokens
}

const rowBytes = 16

/** `00000000  48 6f 6d 69 6e 67                                Homing` */
export function hexDump(bytes: Uint8Array): string {
  const rows: string[] = []
  for (let at = 0; at < bytes.length; at += rowBytes) {
    const row = [...bytes.subarray(at, at + rowBytes)]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0'))
    const left = hex.slice(0, 8).join(' ').padEnd(23)
    const right = hex.slice(8).join(' ').padEnd(23)
    const letters = row.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    )
    rows.push(`${at.toString(16).padStart(8, '0')}  ${left}  ${right}  ${letters.join('')}`)
  }
  return rows.join('\n')
}
