/*
 * Every limit and default in one place. docs/limits.md is held equal to this table by a test.
 * Units stand last in the names; bytes are bytes on the wire or disk, durations milliseconds.
 */

const kib = 1024
const mib = 1024 * kib
const second = 1000
const day = 86_400 * second

export const limits = {
  /** Body of one message. */
  bodyBytesMax: 16 * mib,
  /** Headers, callback contexts and other settings of one message, as JSON. */
  metaBytesMax: 64 * kib,
  /** Name of a queue, exchange, routing key, callback, consumer. */
  nameBytesMax: 255,
  /** Sender-chosen message id. */
  idBytesMax: 255,
  /** Stack, message and cause of a thrown error that are kept, together. */
  errorBytesMax: 16 * kib,
  /** Nesting of a JSON body. */
  jsonDepthMax: 1_000,
  priorityMax: 255,
  attemptsMax: 10_000,
  attemptsDefault: 5,
  /** Deadline of a message from send to outcome, when the contract names none. */
  withinMsDefault: day,
  /** One attempt of a handler, when the contract names none. */
  timeoutMsDefault: 300 * second,
  backoffBaseMsDefault: second,
  backoffFactorDefault: 2,
  backoffMsMax: 3_600 * second,
  /** Longest duration accepted anywhere: ten years. */
  durationMsMax: 3_650 * day,
  concurrencyDefault: 1,
  concurrencyMax: 10_000,
  prefetchMax: 65_535,
  graceMsDefault: 10 * second,
  /** Bytes gathered for one group commit before senders wait. */
  commitBytesMax: 8 * mib,
  /** A journal segment is sealed at this size. */
  segmentBytes: 64 * mib,
  /** Journal tail kept in memory, so that fresh bodies are not read back. */
  tailBytesMax: 16 * mib,
  /** Journal written since the last checkpoint that triggers the next one. */
  checkpointBytes: 64 * mib,
  /** Kept free for settling when the disk is full. */
  reserveBytes: 4 * mib,
  /** Queue index kept in memory; older full blocks go to disk. */
  indexBytesMax: 64 * mib,
  /** Outcomes answered from memory. */
  recentOutcomesMax: 10_000,
  /** Outcomes not yet in the ledger before senders wait. */
  ledgerLagBytesMax: 64 * mib,
  retainMsDefault: 7 * day,
  retainCountMax: 10_000_000,
  callbackAttemptsDefault: 20,
  gatherMembersMax: 1_000_000,
} as const
