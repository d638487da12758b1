/*
 * Where the next page of a list begins, as a text that says nothing.
 *
 *   engine's cursor ─▶ sealed (AES-256-GCM, a key of this process) ─▶ `next` ─▶ `after` ─▶ engine's cursor
 *
 * A cursor can stand on a row that the user was not shown, in another virtual host: so it can be neither
 * read nor made up. After a restart of the server lists are begun anew.
 */

import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { HomingError } from '../errors.ts'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16
const charsMax = 4_096

export class Cursors {
  readonly #key = randomBytes(32)

  seal(cursor: string | undefined): string | undefined {
    if (cursor === undefined) return undefined
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv(algorithm, this.#key, nonce)
    const sealed = Buffer.concat([cipher.update(cursor, 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
  }

  /** Fails with `bad-argument`. */
  open(after: string | undefined): string | undefined {
    if (after === undefined) return undefined
    const bytes = Buffer.from(after.slice(0, charsMax), 'base64url')
    try {
      const nonce = bytes.subarray(0, nonceBytes)
      const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes)
      const decipher = createDecipheriv(algorithm, this.#key, nonce, { authTagLength: tagBytes })
      decipher.setAuthTag(tag)
      const sealed = bytes.subarray(nonceBytes + tagBytes)
      return decipher.update(sealed, undefined, 'utf8') + decipher.final('utf8')
    } catch (cause) {
      throw new HomingError(
        'bad-argument',
        'after is not the next of a page that this server gave; begin again at the first page',
        { cause },
      )
    }
  }
}
