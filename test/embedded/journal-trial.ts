/*
 * A journal on a simulated disk and clock, and small steps with it.
 */

import { ByteReader } from '../../src/bytes.ts'
import { Journal } from '../../src/embedded/journal/journal.ts'
import type { JournalOptions } from '../../src/embedded/journal/journal-options.ts'
import { recordTypes } from '../../src/embedded/journal/record.ts'
import { scanSegment } from '../../src/embedded/journal/scan.ts'
import { segmentNumber } from '../../src/embedded/journal/segment.ts'
import type { HomingError } from '../../src/errors.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { SimulatedDisk, type SimulatedDiskOptions } from '../../src/testing/simulated-disk.ts'

export interface Appended {
  readonly segment: number
  readonly from: number
  readonly bytes: number
  readonly lsn: number
}

export class JournalTrial {
  readonly clock = new SimulatedClock()
  readonly disk: SimulatedDisk
  readonly failures: HomingError[] = []
  readonly sealed: { segment: number; lastLsn: number }[] = []
  commits = 0
  /** Who was told, in order; with `!` in front when told of an error. */
  readonly told: string[] = []
  #journal: Journal | undefined

  constructor(disk: SimulatedDiskOptions = {}) {
    this.disk = new SimulatedDisk({ clock: this.clock, ...disk })
  }

  static async open(
    options: Partial<JournalOptions> = {},
    disk: SimulatedDiskOptions = {},
  ): Promise<JournalTrial> {
    const trial = new JournalTrial(disk)
    await trial.open(options)
    return trial
  }

  async open(options: Partial<JournalOptions> = {}, last = { segment: 0, lsn: 0 }): Promise<void> {
    const opening = Journal.open(
      this.disk,
      this.clock,
      {
        sync: 'always',
        segmentBytes: 64 * 1024,
        tailBytesMax: 1024 * 1024,
        reserveBytes: 0,
        onCommit: () => this.commits++,
        onSealed: (segment, lastLsn) => this.sealed.push({ segment, lastLsn }),
        onFailed: (error) => this.failures.push(error),
        ...options,
      },
      last,
    )
    this.#journal = await this.clock.until(opening)
    // The reserve is made in the background; a trial begins when it is there.
    await this.clock.until(this.#journal.retakeReserve())
  }

  get journal(): Journal {
    if (!this.#journal) throw new Error('the journal is not open')
    return this.#journal
  }

  /** Appends a record with that text. */
  append(text: string): Appended {
    const { journal } = this
    journal.begin().text32(text)
    const lsn = journal.end(recordTypes.drop)
    return { segment: journal.segment, from: journal.recordFrom, bytes: journal.recordBytes, lsn }
  }

  /** Appends it and writes down when it is durable. */
  appendAndTell(text: string): Appended {
    const appended = this.append(text)
    this.journal.whenDurable((error) => this.told.push(error ? `!${text}` : text))
    return appended
  }

  async durable(): Promise<void> {
    await this.clock.until(this.journal.durable())
  }

  async close(): Promise<void> {
    await this.clock.until(this.journal.close())
  }
}

/** The texts in all segments of the disk, in order. */
export async function textsOn(disk: SimulatedDisk, clock: SimulatedClock): Promise<string[]> {
  const found: string[] = []
  const reading = async () => {
    const segments = (await disk.list())
      .map(segmentNumber)
      .filter((segment) => segment !== undefined)
      .sort((a, b) => a - b)
    for (const segment of segments) {
      await scanSegment(disk, segment, 0, {
        record: (frame, buffer) => {
          if (frame.type === recordTypes.drop) {
            found.push(new ByteReader(buffer, frame.payloadFrom, frame.end).text32())
          }
          return undefined
        },
        skipped: () => undefined,
      })
    }
  }
  await clock.until(reading())
  return found
}
