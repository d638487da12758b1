/*
 * One error class and one table of codes.
 *
 * The table is the single place that says what a code means, whether trying again can help, and
 * how the code looks from outside (AMQP reply code, HTTP status, what it closes). docs/errors.md is
 * held equal to it by a test. A message says what happened, to which one, the numbers, what to do.
 */

export type Closes = 'nothing' | 'channel' | 'connection' | 'engine'

export interface ErrorCodeRow {
  /** What the code means, one sentence. */
  readonly meaning: string
  /** Whether the same call can succeed later without being changed. */
  readonly retryable: boolean
  /** AMQP 0-9-1 reply code a broker answers with. */
  readonly amqp: number
  readonly http: number
  readonly closes: Closes
}

const row = (
  meaning: string,
  retryable: boolean,
  amqp: number,
  http: number,
  closes: Closes = 'nothing',
): ErrorCodeRow => ({ meaning, retryable, amqp, http, closes })

/** Errors of calls: what is thrown at a caller, as opposed to what became of a message. */
export const errorCodes = {
  'bad-argument': row(
    'A value passed to Homing is of the wrong type, name or range.',
    false,
    406,
    400,
    'channel',
  ),
  'bad-duration': row(
    'A duration is negative, not a number, unreadable or absurdly long.',
    false,
    406,
    400,
    'channel',
  ),
  'bad-name': row(
    'A queue, exchange or callback name is empty, too long or has control characters.',
    false,
    406,
    400,
    'channel',
  ),
  'unknown-option': row(
    'An option is not known; the message names the nearest known one.',
    false,
    406,
    400,
    'channel',
  ),
  'message-too-large': row(
    'The encoded message exceeds the limit for its body or its headers.',
    false,
    406,
    413,
    'channel',
  ),
  unserialisable: row(
    'A value cannot be written by the body codec, so it would not come back the same.',
    false,
    406,
    400,
    'channel',
  ),
  undecodable: row(
    'A stored body cannot be read by the body codec of its content type.',
    false,
    406,
    422,
    'channel',
  ),
  'contract-conflict': row(
    'Two different contracts are used for one queue or callback name.',
    false,
    406,
    409,
    'channel',
  ),
  closed: row(
    'The engine, consumer or receipt was closed before the call.',
    false,
    320,
    503,
    'connection',
  ),
  unreachable: row(
    'No connection to the engine could be made, or none came back in time.',
    true,
    541,
    503,
  ),
  'connection-lost': row(
    'The connection ended before the answer came: whether the call was carried out is unknown.',
    true,
    320,
    503,
    'connection',
  ),
  'login-refused': row('The server does not take the user name or password.', false, 403, 401),
  'access-refused': row(
    'The user may not do this on this server: the virtual host or a permission is missing.',
    false,
    403,
    403,
    'channel',
  ),
  locked: row(
    'Another process holds the data directory; the message names its process id.',
    true,
    405,
    423,
    'channel',
  ),
  'not-permitted': row(
    'The operating system does not let this user read or write the data directory.',
    false,
    403,
    403,
    'channel',
  ),
  'backup-running': row('Another backup of this engine is being taken.', true, 406, 409, 'channel'),
  'backup-failed': row(
    'A copy of the data directory could not be made; the directory itself is as it was.',
    true,
    541,
    500,
    'channel',
  ),
  'disk-full': row(
    'The disk is full: nothing new is accepted, settling and reading go on.',
    true,
    506,
    507,
    'channel',
  ),
  'disk-failed': row(
    'A write or sync failed: nothing more is confirmed and the engine stops.',
    false,
    541,
    500,
    'engine',
  ),
  'memory-full': row(
    'Too many messages wait in memory to be written or entered in the ledger.',
    true,
    506,
    503,
    'channel',
  ),
  'format-unknown': row(
    'The data directory was written by a newer or an unknown format version.',
    false,
    541,
    500,
    'engine',
  ),
  'journal-damaged': row(
    'A stored record does not match its checksum.',
    false,
    541,
    500,
    'channel',
  ),
  'ledger-unavailable': row(
    'The ledger database is locked or unreadable.',
    true,
    541,
    503,
    'channel',
  ),
  'queue-full': row(
    'The queue holds as many messages as its limit allows.',
    true,
    311,
    429,
    'channel',
  ),
  'queue-unknown': row('No queue of that name exists.', false, 404, 404, 'channel'),
  'exchange-unknown': row('No exchange of that name exists.', false, 404, 404, 'channel'),
  'exchange-conflict': row(
    'An exchange of that name exists with another type or other settings.',
    false,
    406,
    409,
    'channel',
  ),
  unroutable: row('No queue is bound for the message.', false, 312, 404),
  fenced: row(
    'The delivery is no longer held: it timed out, was canceled or already settled.',
    false,
    406,
    409,
    'channel',
  ),
  timeout: row(
    'The wait ended before the outcome came; the message itself goes on.',
    true,
    311,
    504,
  ),
  aborted: row('The caller aborted the wait; the message itself goes on.', false, 311, 499),
  forgotten: row(
    'The outcome was removed by retention; the id was worked on once.',
    false,
    404,
    410,
    'channel',
  ),
  unknown: row('No message of that id was ever accepted here.', false, 404, 404, 'channel'),
  unsupported: row(
    'This engine refuses the feature; the message names both.',
    false,
    540,
    501,
    'connection',
  ),
  'protocol-fault': row(
    'What came over a connection is not in the format that both ends should speak.',
    false,
    406,
    400,
    'channel',
  ),
  'server-failed': row(
    'The server failed at a call in a way that it does not know; its log says how.',
    false,
    541,
    500,
  ),
  'module-missing': row(
    'An optional package is not installed; the message holds the install line.',
    false,
    541,
    501,
  ),
  'definition-unknown': row(
    'No user, virtual host, permission or policy of that name exists.',
    false,
    404,
    404,
    'channel',
  ),
  'definition-exists': row(
    'A user or virtual host of that name exists already.',
    false,
    406,
    409,
    'channel',
  ),
  'path-unknown': row('The HTTP API has nothing at that path.', false, 404, 404),
  'method-refused': row(
    'The HTTP API has something at that path, but not for that method.',
    false,
    404,
    405,
  ),
  'media-type-refused': row(
    'The body of a request is not of the type that the path takes.',
    false,
    406,
    415,
  ),
  'origin-refused': row(
    'A browser sent the request from a page of another origin, or under a host name that is not ours.',
    false,
    403,
    403,
  ),
  'read-only': row('The HTTP side is in read-only mode.', false, 403, 403),
  'address-in-use': row(
    'Another program listens on the address and port, or on the socket.',
    true,
    541,
    503,
  ),
  'address-refused': row(
    'The machine does not let the server listen on the address and port.',
    false,
    541,
    503,
  ),
  'bad-certificate': row(
    'A TLS certificate, key or authority cannot be read, or they do not fit each other.',
    false,
    541,
    500,
  ),
  'bad-config': row(
    'A setting of the configuration is unknown or wrong; the message names each with its place.',
    false,
    541,
    400,
  ),
  'node-too-old': row('This Node.js is older than the oldest one supported.', false, 541, 500),
} as const satisfies Record<string, ErrorCodeRow>

export type ErrorCode = keyof typeof errorCodes

export interface HomingErrorDetails {
  readonly cause?: unknown
  /** Id of the message concerned. */
  readonly id?: string
  /** Structured facts behind the text, for programs. */
  readonly data?: unknown
}

/**
 * Every error Homing throws. `code` is a key of {@link errorCodes}, or, when thrown by `call()` and
 * `receipt.result()`, the code of the message's outcome (a declared error's name, `thrown`, `lost` …).
 *
 * @example
 * try { await home.call(resize, { url }) } catch (e) { if (e instanceof HomingError) console.log(e.code) }
 */
export class HomingError extends Error {
  readonly code: string
  readonly id: string | undefined
  readonly data: unknown

  constructor(code: ErrorCode | (string & {}), message: string, details: HomingErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'HomingError'
    this.code = code
    this.id = details.id
    this.data = details.data
  }

  /** Whether the same call can succeed later; false for outcome codes. */
  get retryable(): boolean {
    return Object.hasOwn(errorCodes, this.code) && errorCodes[this.code as ErrorCode].retryable
  }
}
