/*
 * Content types: of bodies that are messages and results, and of results that go out as they were written.
 */

import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'

export const bytesType = 'application/octet-stream'

/**
 * The type of a body that is taken as it is. A form is nearly always curl, to which nothing was said: its
 * message would carry a type that no consumer reads.
 *
 * Fails with `media-type-refused`, `bad-argument`.
 */
export function bodyTypeFrom(headers: Headers): string {
  const type = headers.get('content-type') ?? ''
  if (type.length > limits.nameBytesMax) {
    throw new HomingError('bad-argument', 'the content type is too long; shorten it')
  }
  if (!/^(?:application\/x-www-form-urlencoded|multipart\/)/i.test(type)) return type || bytesType
  throw new HomingError(
    'media-type-refused',
    `the body is of type "${type.slice(0, 60)}", which curl sends when nothing is said; send JSON with --json '{…}', or say the type: -H 'content-type: text/plain'`,
  )
}

export const isJsonType = (type: string): boolean =>
  /^application\/(?:[\w.+-]+\+)?json\b/i.test(type)

/** A type that was said by a consumer, as a header; what could not stand there is bytes. */
export const typeHeader = (type: string): string =>
  /^[\x21-\x7e][\x20-\x7e]*$/.test(type) ? type : bytesType

/**
 * Of answers that somebody else wrote: a browser is to show none of it as a page, and to run nothing.
 */
export const foreignBodyHeaders: Readonly<Record<string, string>> = {
  'content-disposition': 'attachment',
  'content-security-policy': "default-src 'none'; sandbox",
}
