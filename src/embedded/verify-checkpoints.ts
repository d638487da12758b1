/*
 * Checkpoints and the pages of the queue index that they name.
 *
 * Rule: the newest whole checkpoint and its pages must be readable; a start uses nothing else. One
 * that is shorter than it says was being written when a crash came. The pages of an older one may
 * have been written over since, which is a note.
 */

import {
  type CheckpointHead,
  checkpointName,
  checkpointNumber,
  readCheckpoint,
} from './checkpoint-file.ts'
import { IndexPages, indexPagesName } from './index-pages.ts'
import type { SnapshotDisk } from './snapshot-disk.ts'
import type { Finding } from './verify-report.ts'

const headBytes = 24
const lengthAt = 16

export interface CheckpointsRead {
  /** Newest first. */
  readonly whole: readonly { readonly name: string; readonly head: CheckpointHead }[]
  readonly pages: number
  readonly findings: readonly Finding[]
}

/** Fails with `format-unknown`. */
export async function checkCheckpoints(disk: SnapshotDisk): Promise<CheckpointsRead> {
  const findings: Finding[] = []
  const whole: { name: string; head: CheckpointHead }[] = []
  const numbers = [...disk.sizes.keys()]
    .map(checkpointNumber)
    .filter((number) => number !== undefined)
    .sort((a, b) => b - a)
  for (const name of numbers.map(checkpointName)) {
    const read = await readCheckpoint(disk, name)
    if (read) whole.push({ name, head: read.head })
    else findings.push(await broken(disk, name))
  }
  let pages = 0
  for (const [n, { name, head }] of whole.entries()) {
    pages += await checkPages(disk, head, (slot) => findings.push(badPage(name, slot, n === 0)))
  }
  return { whole, pages, findings }
}

async function broken(disk: SnapshotDisk, name: string): Promise<Finding> {
  if (await cutShort(disk, name)) {
    return { severity: 'note', file: name, text: 'was being written when a crash came; not needed' }
  }
  return { severity: 'damage', file: name, text: 'does not match its checksum' }
}

async function cutShort(disk: SnapshotDisk, name: string): Promise<boolean> {
  const size = disk.sizes.get(name) ?? 0
  if (size < headBytes) return true
  const file = await disk.open(name)
  try {
    const head = Buffer.alloc(headBytes)
    await file.read(head, 0)
    return head.readDoubleLE(lengthAt) > size - headBytes
  } finally {
    await file.close()
  }
}

/** Reads every page the checkpoint names; returns how many. */
async function checkPages(
  disk: SnapshotDisk,
  head: CheckpointHead,
  bad: (slot: number) => void,
): Promise<number> {
  const pages = readablePages(disk)
  let count = 0
  for (const { fifos } of head.queues) {
    for (const { page } of fifos.flatMap(({ blocks }) => blocks)) {
      if (page < 0) continue
      count++
      await pages.read(page).catch(() => bad(page))
    }
  }
  await pages.close().catch(() => undefined)
  return count
}

export const readablePages = (disk: SnapshotDisk): IndexPages =>
  new IndexPages({
    disk,
    memoryBytesMax: Number.POSITIVE_INFINITY,
    memoryBytes: () => 0,
    onProblem: () => undefined,
  })

const badPage = (checkpoint: string, slot: number, newest: boolean): Finding => ({
  severity: newest ? 'damage' : 'note',
  file: indexPagesName,
  text: newest
    ? `slot ${slot}, which ${checkpoint} names, does not match its checksum or is missing`
    : `slot ${slot} no longer fits the older ${checkpoint}, which is not needed`,
})
