/*
 * Limits on how many deliveries start per period and how many are under way at once.
 *
 * The rate is a token bucket that holds one period's worth: a burst of `count` after a quiet time,
 * then one token every perMs / count.
 */

export interface LimitSettings {
  readonly rate?: { readonly count: number; readonly perMs: number } | undefined
  readonly concurrencyMax?: number | undefined
}

export class Limiter {
  #settings: LimitSettings
  #tokens: number
  #countedAtMs: number
  active = 0

  constructor(settings: LimitSettings, nowMs: number) {
    this.#settings = settings
    this.#tokens = settings.rate?.count ?? 0
    this.#countedAtMs = nowMs
  }

  change(settings: LimitSettings): void {
    this.#settings = settings
    if (settings.rate) this.#tokens = Math.min(this.#tokens, settings.rate.count)
  }

  /** Milliseconds until one more may start: 0 for now, Infinity until another one ends. */
  waitMs(nowMs: number): number {
    const { rate, concurrencyMax } = this.#settings
    if (concurrencyMax !== undefined && this.active >= concurrencyMax)
      return Number.POSITIVE_INFINITY
    if (!rate) return 0
    const gained = ((nowMs - this.#countedAtMs) * rate.count) / rate.perMs
    this.#tokens = Math.min(rate.count, this.#tokens + gained)
    this.#countedAtMs = nowMs
    return this.#tokens >= 1 ? 0 : ((1 - this.#tokens) * rate.perMs) / rate.count
  }

  start(): void {
    this.active++
    if (this.#settings.rate) this.#tokens -= 1
  }

  /** What started before there was this limit ends without having counted. */
  end(): void {
    if (this.active > 0) this.active--
  }

  /** Nothing under way and no token missing: forgetting it changes nothing. */
  idle(nowMs: number): boolean {
    if (this.active > 0) return false
    this.waitMs(nowMs)
    return !this.#settings.rate || this.#tokens >= this.#settings.rate.count
  }
}
