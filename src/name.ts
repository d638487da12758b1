import { Buffer } from 'node:buffer'
import { HomingError } from './errors.ts'
import { limits } from './limits.ts'
import { baseName, scopeEnd, virtualHostOf } from './scoped-name.ts'

// C0 and C1 controls: they break terminals, logs and line-based protocols.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/

/**
 * Checks the name of a queue, exchange, callback or consumer. `what` names it in the error.
 * Fails with `bad-name` when it is empty, over 255 bytes, has control characters or is not Unicode.
 */
export function checkName(name: string, what: string): void {
  const wrong = nameFault(name, limits.nameBytesMax)
  if (wrong !== undefined) throw new HomingError('bad-name', `${what} ${wrong}`)
}

/** Checks a name within a virtual host, see scoped-name.ts. Fails with `bad-name`. */
export function checkScopedName(name: string, what: string): void {
  checkName(typeof name === 'string' ? baseName(name) : name, what)
}

/** Checks a sender-chosen message id. Fails with `bad-argument`. */
export function checkId(id: string): void {
  const wrong = nameFault(id, limits.idBytesMax)
  if (wrong !== undefined) throw new HomingError('bad-argument', `the message id ${wrong}`)
}

/** Checks an id to look for: also one of another virtual host, see scoped-name.ts. Fails with `bad-argument`. */
export function checkScopedId(id: string): void {
  if (typeof id !== 'string' || !id.includes(scopeEnd)) {
    checkId(id)
    return
  }
  checkName(virtualHostOf(id), 'the virtual host of a message id')
  checkId(baseName(id))
}

/** What is wrong with a name, as the rest of a sentence that begins with what it names. */
function nameFault(name: unknown, bytesMax: number): string | undefined {
  if (typeof name !== 'string') {
    return `is ${name === null ? 'null' : typeof name}; give a text of 1 to ${bytesMax} bytes`
  }
  if (name === '') return `is empty; give a text of 1 to ${bytesMax} bytes`
  // A text has at most three bytes a character, so only long ones are counted.
  if (name.length * 3 > bytesMax && Buffer.byteLength(name) > bytesMax) {
    return `"${name.slice(0, 40)}…" has ${Buffer.byteLength(name)} bytes, ${bytesMax} are allowed; shorten it`
  }
  if (controlCharacter.test(name)) {
    return `${JSON.stringify(name)} has a control character at position ${name.search(controlCharacter)}; take it out`
  }
  if (!name.isWellFormed()) {
    return `${JSON.stringify(name)} has half of a surrogate pair; it is not Unicode`
  }
  return undefined
}
