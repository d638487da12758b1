/** One thing that verification found. */
export interface Finding {
  /** `damage`: something confirmed is altered or missing. `note`: worth knowing, nothing is lost. */
  readonly severity: 'damage' | 'note'
  /** Name of the file inside the directory. */
  readonly file: string
  /** Where in the file, in bytes, when it is one place. */
  readonly from?: number
  readonly bytes?: number
  readonly text: string
}

/** What `verify` found in a data directory. */
export interface VerifyReport {
  readonly directory: string
  /** No damage was found. */
  readonly ok: boolean
  /** Process id of whoever has the directory open, as far as it is known. */
  readonly inUseBy: string | undefined
  readonly segments: number
  /** Bytes of journal. */
  readonly bytes: number
  readonly records: number
  /** Log sequence numbers of the first and last record, 0 when there is none. */
  readonly firstLsn: number
  readonly lastLsn: number
  readonly checkpoints: number
  /** Pages of the queue index. */
  readonly pages: number
  /** Messages that have no outcome yet, each found and read. */
  readonly pending: number
  readonly outcomes: number
  readonly deadLetters: number
  /** Damage first. */
  readonly findings: readonly Finding[]
}
