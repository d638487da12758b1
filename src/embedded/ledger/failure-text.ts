import { Buffer } from 'node:buffer'
import type { StoredOutcome } from '../../message/outcome.ts'

const charactersMax = 200
/** Longer errors are not read for their message. */
const bytesMax = 64 * 1024

/**
 * What failures are grouped by beside queue and code: the message of what was thrown, or of a declared
 * error's data. Empty when it has none; undefined for `ok`.
 */
export function failureText({ code, contentType, body }: StoredOutcome): string | undefined {
  if (code === 'ok') return undefined
  if (contentType !== 'application/json' || body.length > bytesMax) return ''
  try {
    const { buffer, byteOffset, byteLength } = body
    const data: unknown = JSON.parse(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'))
    const message = typeof data === 'object' && data !== null && 'message' in data && data.message
    return typeof message === 'string' ? message.slice(0, charactersMax).toWellFormed() : ''
  } catch {
    return ''
  }
}
