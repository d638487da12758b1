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
  /** Prefix that a client chooses for the names the broker makes (`x-name-prefix`). */
  namePrefixBytesMax: 64,
  /** Sender-chosen message id. */
  idBytesMax: 255,
  /** Stack, message and cause of a thrown error that are kept, together. */
  errorBytesMax: 16 * kib,
  /** The same of an attempt that is to be tried again. */
  attemptErrorBytesMax: 8 * kib,
  /** Attempts of one message of which is kept how they ended, beside the last one. */
  attemptsKeptMax: 100,
  /** Rows of one page of what is shown to people. */
  inspectionPageMax: 1_000,
  /** Nesting of a JSON body. */
  jsonDepthMax: 1_000,
  /** Priority of a message; 0 is the lowest and the default. */
  priorityMax: 255,
  /** Attempts a contract may ask for. */
  attemptsMax: 10_000,
  /** Deliveries of one message before it ends as `thrown` or `lost`. */
  attemptsDefault: 5,
  /** Deadline of a message from send to outcome, when the contract names none. */
  withinMsDefault: day,
  /** One attempt of a handler, when the contract names none. */
  timeoutMsDefault: 300 * second,
  /** Wait before the second attempt. */
  backoffBaseMsDefault: second,
  /** How many times longer each further wait is. */
  backoffFactorDefault: 2,
  /** Longest wait between two attempts, when the contract names none. */
  backoffMsMax: 3_600 * second,
  /** Longest duration accepted anywhere: ten years. */
  durationMsMax: 3_650 * day,
  /** Handlers of one consumer that run at once, when it names none. */
  concurrencyDefault: 1,
  /** Handlers of one consumer that may be asked to run at once. */
  concurrencyMax: 10_000,
  /** Unsettled deliveries one consumer may ask to hold. */
  prefetchMax: 65_535,
  /** Time a closing consumer gives its running handlers. */
  graceMsDefault: 10 * second,
  /** Bytes gathered for one group commit before senders wait. */
  commitBytesMax: 8 * mib,
  /** A journal segment is sealed at this size. */
  segmentBytes: 64 * mib,
  /** Journal tail kept in memory, so that fresh bodies are not read back. */
  tailBytesMax: 8 * mib,
  /** Journal written since the last checkpoint that triggers the next one. */
  checkpointBytes: 64 * mib,
  /** Kept free for settling when the disk is full. */
  reserveBytes: 4 * mib,
  /** Queue index kept in memory; older full blocks go to disk. */
  indexBytesMax: 8 * mib,
  /** Outcomes not yet in the ledger before senders wait. */
  ledgerLagBytesMax: 64 * mib,
  /** Age at which an outcome is forgotten, when the contract names none. */
  retainMsDefault: 7 * day,
  /** Outcomes kept; past it the oldest are forgotten first. */
  retainCountMax: 10_000_000,
  /** Tries of a callback before it is dead and waits for people. */
  callbackAttemptsDefault: 20,
  /** Time a request that was acknowledged waits for its reply. */
  replyWaitMsMax: day,
  /** Open requests of a virtual host whose id is not their correlation id. */
  replyAliasesMax: 100_000,
  /** Members of one gather. */
  gatherMembersMax: 100_000,
  /** Password of a user. */
  passwordBytesMax: kib,
  /** Users whose last right password is remembered as a keyed digest, so that logging in again is quick. */
  passwordsRememberedMax: 10_000,
  /** Passwords that are checked at once; the others wait. */
  passwordChecksAtOnceMax: 2,
  /** Passwords from one address that wait to be checked before more are refused. */
  passwordChecksWaitingMax: 256,
  /** Pause of an address after a wrong password before its next one is checked. */
  loginPauseMs: 250,
  /** Time from connecting to an opened virtual host. */
  handshakeMsMax: 10 * second,
  /** Frame of a connection that has not logged in. */
  handshakeFrameBytesMax: 8 * kib,
  /** Bytes kept of what a connection sent before it has logged in. */
  handshakeBytesMax: 16 * kib,
  /** Connections that have not logged in, of AMQP and of HTTP each. */
  handshakesMax: 8_000,
  /** Connections from one address that have not logged in. */
  handshakesPerAddressMax: 2_000,
  /** Connections, of AMQP and of HTTP each. */
  connectionsMax: 100_000,
  /** Connections from one address. */
  connectionsPerAddressMax: 50_000,
  /** Time that a server which was told to stop gives clients to settle what they hold. */
  drainMsDefault: 5 * second,
  /** Time that connections get to take their leave when the server stops. */
  goodbyeMsMax: 3 * second,
  /** Body of an HTTP request, unless its path takes a message. */
  httpBodyBytesMax: mib,
  /** Bodies of all HTTP requests that are read at once. */
  httpBodiesBytesMax: 512 * mib,
  /** Request line and headers of an HTTP request. */
  httpHeaderBytesMax: 16 * kib,
  /** Time for the headers of an HTTP request to come. */
  httpHeadersMsMax: 10 * second,
  /** Time for the whole of an HTTP request to come. */
  httpRequestMsMax: 60 * second,
  /** `Prefer: wait` and `wait` of an HTTP request; a longer one is cut. */
  httpWaitMsMax: 300 * second,
  /** HTTP requests of one user that wait at once. */
  httpWaitsPerUserMax: 10_000,
  /** HTTP requests that wait at once. */
  httpWaitsMax: 50_000,
  /** Messages of one batch over HTTP. */
  httpBatchMax: 10_000,
  /** Body of a batch over HTTP. */
  httpBatchBytesMax: 32 * mib,
  /** Deliveries that one HTTP request takes. */
  httpTakenMax: 1_000,
  /** Deliveries held over HTTP by one user. */
  httpHeldPerUserMax: 10_000,
  /** Deliveries held over HTTP. */
  httpHeldMax: 100_000,
  /** Time a delivery is held over HTTP when the request names none. */
  httpLeaseMsDefault: 60 * second,
  /** Time a delivery may be held over HTTP without being asked for more. */
  httpLeaseMsMax: 3_600 * second,
  /** Rows of one page of a list over HTTP. */
  httpPageMax: 1_000,
  /** Bytes shown of each body in a list over HTTP. */
  httpShownBytesMax: 16 * kib,
  /** Ids whose outcomes one stream of events tells. */
  httpWatchedIdsMax: 1_000,
  /** Streams of events of one user. */
  httpStreamsPerUserMax: 100,
  /** Streams of events. */
  httpStreamsMax: 1_000,
  /** Sessions of browsers; beyond it the oldest ends. */
  browserSessionsMax: 10_000,
  /** Sessions of browsers of one user. */
  browserSessionsPerUserMax: 100,
  /** A browser's session ends when it is not used for so long; while a stream of events is open by it, it is used. */
  browserSessionIdleMsMax: 3_600 * second,
  /** A browser's session ends so long after the login, with all that is open by it. */
  browserSessionMsMax: 12 * 3_600 * second,
  /** A file of the audit log is full at this size, and the next one begins. */
  auditFileBytes: 16 * mib,
  /** Full files of the audit log that are kept; older ones are deleted. */
  auditFilesKept: 8,
  /** Free space on the disk below which publishers are blocked, unless the server is given another. */
  diskFreeBytesMin: 64 * mib,
  /** Queues of a virtual host that has no limit of its own. */
  queuesMax: 100_000,
  /** Exclusive queues of one connection. */
  queuesPerConnectionMax: 10_000,
  /** Exchanges of a virtual host. */
  exchangesMax: 50_000,
  /** Bindings of a virtual host. */
  bindingsMax: 200_000,
  /** Arguments of one queue, exchange or binding. */
  argumentsBytesMax: 16 * kib,
  /** Consumers of one connection. */
  consumersPerConnectionMax: 10_000,
  /** Consumers of a virtual host. */
  consumersMax: 200_000,
  /** Answers about permissions that a connection remembers. */
  judgementsMax: 1_000,
  /** Users, virtual hosts, permissions and policies, each. */
  definitionsMax: 100_000,
  /** Spans that wait for the collector of traces; more are dropped and counted. */
  spansWaitingMax: 8_192,
} as const
