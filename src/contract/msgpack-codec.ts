/*
 * MessagePack bodies by the optional package msgpackr: smaller than JSON, and Dates, bytes, BigInts up
 * to 64 bits, NaN and Infinity come back as they are. Records, msgpackr's own extension, stay
 * off, so that every other language reads the bodies.
 */

import type { Codec } from './codec.ts'
import { optionalModule } from './optional-module.ts'
import { type CodecReach, checkSerialisable } from './serialisable.ts'

interface Packer {
  pack(value: unknown): Uint8Array
  unpack(body: Uint8Array): unknown
}

const reach: CodecReach = {
  name: 'MessagePack',
  nonFinite: true,
  bigInt: true,
  undefinedElement: true,
  comesBack: (value) =>
    value instanceof Uint8Array || (value instanceof Date && !Number.isNaN(value.getTime())),
}

/**
 * MessagePack, by the package msgpackr (`npm install msgpackr`).
 *
 * @example
 * const sample = queue('sample', { codec: msgpack() })
 */
export function msgpack(): Codec {
  let packer: Packer | undefined
  return {
    contentType: 'application/msgpack',
    async load() {
      const { Packr } = await optionalModule('msgpackr', 'msgpack()', () => import('msgpackr'))
      packer ??= new Packr({ useRecords: false, mapsAsObjects: true, copyBuffers: true })
    },
    check: (value) => checkSerialisable(value, reach),
    // A copy, because the packer goes on using the buffer its result is a view of.
    encode: (value) => new Uint8Array(loaded(packer).pack(value)),
    decode: (body) => loaded(packer).unpack(body),
  }
}

function loaded(packer: Packer | undefined): Packer {
  if (packer === undefined) throw new Error('msgpackr is not loaded yet')
  return packer
}
