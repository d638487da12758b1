import type { AnyContract } from '../contract/contract.ts'
import type { Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { limits } from '../limits.ts'
import { checkId } from '../name.ts'
import type { BoundGatherCallback } from './callback-target.ts'
import type { Receipt } from './receipt.ts'

export interface GatherOptions {
  /** Unique for ever: gathering twice under one id is gathering once. */
  readonly id?: string
}

const gatherOptions = new Set(['id'])

/** Resolves with the gather's id when it is on disk. */
export async function gather<C extends AnyContract>(
  engine: Engine,
  receipts: readonly Receipt<C>[],
  callback: BoundGatherCallback<C>,
  options: GatherOptions,
): Promise<string> {
  checkOptions(options, gatherOptions, 'home.gather')
  if (options.id !== undefined) checkId(options.id)
  if (!Array.isArray(receipts) || receipts.length > limits.gatherMembersMax) {
    throw new HomingError(
      'bad-argument',
      `a gather is told ${Array.isArray(receipts) ? `${receipts.length} receipts` : typeof receipts}; give an array of at most ${limits.gatherMembersMax}, and gather more in stages`,
    )
  }
  if (typeof callback?.gatherTarget?.name !== 'string') {
    throw new HomingError(
      'bad-argument',
      'the callback of a gather is not one of home.callbackAll(); register it with that',
    )
  }
  const id = options.id ?? engine.mintId()
  const memberIds = receipts.map((receipt) => receipt.id)
  await engine.gather({ id, memberIds, callback: callback.gatherTarget })
  return id
}
