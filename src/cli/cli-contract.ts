import { type AnyContract, binary, type Codec, queue, text } from '../index.ts'
import { asWritten } from './json-text.ts'

export type BodyKind = 'json' | 'text' | 'binary'

const codecs: Readonly<Record<BodyKind, Codec>> = {
  json: asWritten,
  text: text as Codec,
  binary: binary as Codec,
}

/**
 * The contract under which the command sends to and works on a queue: no schema, and no settings, so
 * that the queue keeps those it has.
 */
export function cliContract(name: string, input: BodyKind, output: BodyKind = 'json'): AnyContract {
  return Object.freeze({
    ...queue(name),
    inputCodec: codecs[input],
    outputCodec: codecs[output],
  })
}
