/*
 * Delays on queues with a time to live: few queues, whatever the delays.
 *
 *   step = 4…7 × 2^k, the longest one that is not longer than the delay     (three significant bits)
 *
 * What is left at arrival is under a fifth of it and is delayed again; the last `waitedOutMs` wait in
 * the consumer. So a delay of an hour takes up to seven hops and comes neither early nor much too late.
 */

/** Waited out by the consumer that has the message. */
export const waitedOutMs = 100
const stepMsMin = 64
/** RabbitMQ's longest time to live is 2^32 - 1 ms; the queue itself must outlive it. */
const stepMsMax = 2 ** 31

/** The time to live of the next queue, or 0 when nothing but a short rest is left. */
export function delayStep(delayMs: number): number {
  if (!(delayMs > waitedOutMs)) return 0
  const wanted = Math.min(Math.max(Math.floor(delayMs), stepMsMin), stepMsMax)
  const unit = 2 ** (Math.floor(Math.log2(wanted)) - 2)
  return Math.floor(wanted / unit) * unit
}
