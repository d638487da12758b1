/*
 * What a connection used that RabbitMQ 4.3 refuses or changes, each feature once.
 *
 * The number of features is small and fixed; the texts name the first use of each.
 */

export class PortabilityWarnings {
  readonly #texts = new Map<string, string>()
  readonly #told: (feature: string, text: string) => void

  /** `told` hears of each feature once, when it is noted first. */
  constructor(told: (feature: string, text: string) => void = () => {}) {
    this.#told = told
  }

  /** False when the feature was noted before. */
  note(feature: string, text: string): boolean {
    if (this.#texts.has(feature)) return false
    this.#texts.set(feature, text)
    this.#told(feature, text)
    return true
  }

  get texts(): ReadonlyMap<string, string> {
    return this.#texts
  }
}
