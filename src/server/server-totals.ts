/*
 * What a server counts of its clients.
 */

/** Counted since the server was started. */
export interface ServerTotals {
  readonly connectionsOpened: number
  readonly connectionsClosed: number
  readonly channelsOpened: number
  readonly channelsClosed: number
  readonly loginsRefused: number
  /** To the collector of traces. */
  readonly spansSent: number
  readonly spansDropped: number
}
