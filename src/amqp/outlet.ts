/*
 * What a connection asks of its socket. server.ts is the one that has a socket; tests have arrays.
 */

export interface Outlet {
  /**
   * Takes these bytes, at most once per turn of the event loop. They are not written to again. When
   * the system has taken them, the connection is told by `outputDrained(bytes.length)`.
   */
  write(bytes: Uint8Array): void
  /** Stop reading: the connection takes no more for now. */
  pause(): void
  resume(): void
  /** `end` sends what was written and then closes; `destroy` closes now. */
  close(how: 'end' | 'destroy'): void
}
