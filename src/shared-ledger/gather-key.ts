import { forgottenKey } from '../embedded/ledger/forgotten-key.ts'

/** Under which a gather that is long over is remembered, beside forgotten ids. No id has a NUL in it. */
export const gatherKey = (gatherId: string): Uint8Array => forgottenKey(`\0gather:${gatherId}`)
