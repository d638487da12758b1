/*
 * Lets small reads gather. A broker that writes every delivery by itself wakes its client for every
 * one, and the client's system calls then take as much CPU as the broker's work: on a machine of a
 * few cores that is taken away from the broker. So after a small read the client looks away for a
 * moment; what comes meanwhile is read at once. A broker that writes in bulk never meets this.
 */

const word = new Int32Array(new SharedArrayBuffer(4))
const smallBytes = 4 * 1024
const momentMs = 0.5

/** Blocks the thread for a moment when that few bytes were read. */
export function gather(bytesRead: number): void {
  if (bytesRead < smallBytes) Atomics.wait(word, 0, 0, momentMs)
}
