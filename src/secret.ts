/*
 * A password or key on its way through the program. Whatever shows it by accident, as a text, as JSON, in
 * a log line or an error, shows `[secret]`: the value itself is given to those only who ask for it by name.
 */

import { inspect } from 'node:util'

const shown = '[secret]'

export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** For the one place that uses it. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [inspect.custom](): string {
    return shown
  }
}

/** Addresses with a password in them: `amqp://ada:…@host` without what stands between. */
export const withoutPassword = (text: string): string =>
  text.replaceAll(/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/?#@]{0,255}:)[^\s/?#]{1,1024}(?=@)/gi, '$1…')
