/*
 * Values to bodies and back, by a contract's schema and codec.
 *
 * What travels is the value as it was given, not as the schema parsed it: parsing twice is only safe
 * for schemas that take their own output, and nobody can tell from outside which do. So a value is
 * checked where it is made, and parsed where it is read.
 *
 * Every function answers at once when the schema does, and with a promise when it must.
 */

import { type Codec, decodeWith, encodeWith, noBody } from '../contract/codec.ts'
import type { Schema } from '../contract/contract.ts'
import { json } from '../contract/json-codec.ts'
import { text } from '../contract/plain-codecs.ts'
import {
  type Checked,
  checkAgainst,
  describeIssues,
  type Issue,
  misfit,
} from '../contract/validation.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'

export type Written =
  | { readonly fits: true; readonly contentType: string; readonly body: Uint8Array }
  | { readonly fits: false; readonly issues: readonly Issue[] }

/** Checks a value and writes it. Fails with `unserialisable` and `message-too-large`. */
export function writeValue(
  schema: Schema | undefined,
  codec: Codec,
  value: unknown,
): Written | Promise<Written> {
  const checked = checkAgainst(schema, value)
  if (checked instanceof Promise) {
    return checked.then((late) => writeChecked(late, schema, codec, value))
  }
  return writeChecked(checked, schema, codec, value)
}

function writeChecked(
  checked: Checked,
  schema: Schema | undefined,
  codec: Codec,
  value: unknown,
): Written | Promise<Written> {
  if (!checked.fits) return checked
  if (value === undefined) {
    return { fits: true, contentType: noBody.contentType, body: noBody.body }
  }
  const convertedAt = codec.check === undefined ? undefined : codec.check(value)
  const body = encodeWith(codec, value)
  if (body.length > limits.bodyBytesMax) {
    throw new HomingError(
      'message-too-large',
      `the value takes ${body.length} bytes as ${codec.contentType}, ${limits.bodyBytesMax} are allowed; store it elsewhere and send where it is`,
    )
  }
  const written: Written = { fits: true, contentType: codec.contentType, body }
  return convertedAt === undefined ? written : readBack(written, convertedAt, schema, codec)
}

/** A Date is written as text: fine where the schema reads it back (z.coerce.date()), else refused. */
function readBack(
  written: Written & { fits: true },
  convertedAt: string,
  schema: Schema | undefined,
  codec: Codec,
): Written | Promise<Written> {
  if (schema === undefined) throw wouldChange(convertedAt, 'the contract has no schema to read it')
  const judge = (back: Checked): Written => {
    if (back.fits) return written
    throw wouldChange(
      convertedAt,
      `the schema refuses what is read: ${describeIssues(back.issues)}`,
    )
  }
  const back = checkAgainst(schema, decodeWith(codec, written.body))
  return back instanceof Promise ? back.then(judge) : judge(back)
}

function wouldChange(convertedAt: string, why: string): HomingError {
  return new HomingError(
    'unserialisable',
    `${convertedAt} would not come back the same, and ${why}; send a text or number, use a schema that converts (z.coerce.date()) or another codec (msgpack())`,
  )
}

/** Reads a body and parses it. Never throws, never rejects: what cannot be read does not fit. */
export function readValue(
  schema: Schema | undefined,
  codec: Codec,
  contentType: string,
  body: Uint8Array,
): Checked | Promise<Checked> {
  let value: unknown
  try {
    value = decodeBody(codec, contentType, body)
  } catch (error) {
    return misfit((error as Error).message)
  }
  return checkAgainst(schema, value)
}

/** Reads a body by what its content type says; the contract's codec reads its own and the untyped. */
export function decodeBody(codec: Codec, contentType: string, body: Uint8Array): unknown {
  if (contentType === codec.contentType) return decodeWith(codec, body)
  if (contentType === '' && body.length === 0) return undefined
  if (contentType === '' || codec.readsAll === true) return decodeWith(codec, body)
  const kind = essence(contentType)
  if (kind === essence(codec.contentType)) return decodeWith(codec, body)
  if (kind === json.contentType || kind.endsWith('+json')) return decodeWith(json, body)
  if (kind.startsWith('text/')) return decodeWith(text, body)
  return new Uint8Array(body)
}

/** A media type without its parameters. */
function essence(contentType: string): string {
  const end = contentType.indexOf(';')
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}
