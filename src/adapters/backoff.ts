/*
 * How long to wait before the next try: not at all, then 50 ms, twice as long each time up to 5 s, or to
 * what the engine says.
 * Each wait is shortened by chance by up to a half, so that those who lost one server at one moment do
 * not come back at one moment.
 */

const firstMs = 50
export const backoffMsMax = 5_000

/** `tries` made so far; `random` gives 0 to 1. */
export function backoffMs(tries: number, random: () => number, maxMs = backoffMsMax): number {
  if (tries === 0) return 0
  const fullMs = Math.min(firstMs * 2 ** Math.min(tries - 1, 30), maxMs)
  return fullMs * (1 - random() / 2)
}
