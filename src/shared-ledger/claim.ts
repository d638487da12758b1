/**
 * How long a claim still holds, in ms; 0 when it is over. More is left than a claim has only when the clock
 * was set back: then it does not count.
 */
export function claimLeftMs(
  untilMs: number,
  { nowMs, claimMs }: { readonly nowMs: () => number; readonly claimMs: number },
): number {
  const leftMs = untilMs - nowMs()
  return leftMs > 0 && leftMs <= claimMs ? leftMs : 0
}
