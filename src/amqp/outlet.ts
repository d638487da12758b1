/*
 * What a connection asks of its socket. server.ts is the one that has a socket; tests have arrays.
 */

export interface Outlet {
  /**
   * Takes these bytes: what a turn of the event loop has to say, or much of it. They are not written to
   * again. When the system has taken them, the connection is told by `outputDrained`: of as many bytes,
   * or of none when `isDrained` has told of them before.
   */
  write(bytes: Uint8Array): void
  /**
   * True when the system has taken all that was written, while it was written: the bytes may be
   * written to again.
   */
  readonly isDrained?: boolean
  /** Stop reading: the connection takes no more for now. */
  pause(): void
  resume(): void
  /** `end` sends what was written and then closes; `destroy` closes now. */
  close(how: 'end' | 'destroy'): void
}
