/*
 * What a run of the suite saw, feature by feature: the source of the table in docs/guarantees.md.
 *
 *   a test passed ──▶ it shows its feature        the engine refused, by name ──▶ what it said
 *   a test was left out ──▶ by which name, and why
 *
 * Rule: there is a report only of a run in which every test of the suite had its turn and passed.
 */

import type { Engine, Feature, Guarantee, Guarantees } from '../../engine.ts'

export interface ConformanceReport {
  /** As in the titles. */
  readonly name: string
  readonly kind: string
  readonly features: { readonly [F in Feature]: FeatureReport }
  /** What was shown that is no feature by itself. */
  readonly besides: readonly string[]
  readonly leftOut: readonly LeftOut[]
}

export interface FeatureReport {
  readonly guarantee: Guarantee
  /** Titles of the tests that passed. */
  readonly shownBy: readonly string[]
  /** The error with which it was refused. */
  readonly refusedWith?: string
}

export interface LeftOut {
  readonly title: string
  readonly shows?: Feature
  readonly why: string
}

export class RunRecord {
  readonly #shown = new Map<Feature | undefined, string[]>()
  readonly #refused = new Map<Feature, string>()
  readonly #leftOut: LeftOut[] = []
  #guarantees: Guarantees | undefined
  #kind = ''
  #turns = 0

  /** Tests that passed or were left out. */
  get turns(): number {
    return this.#turns
  }

  get leftOut(): readonly LeftOut[] {
    return this.#leftOut
  }

  opened(engine: Engine): void {
    this.#kind = engine.kind
    this.#guarantees = engine.guarantees
  }

  passed(title: string, shows: Feature | undefined): void {
    this.#turns++
    const titles = this.#shown.get(shows) ?? []
    titles.push(title)
    this.#shown.set(shows, titles)
  }

  refused(feature: Feature, said: string): void {
    this.#turns++
    this.#refused.set(feature, said)
  }

  left(title: string, shows: Feature | undefined, why: string): void {
    this.#turns++
    this.#leftOut.push(shows === undefined ? { title, why } : { title, shows, why })
  }

  report(name: string): ConformanceReport {
    const guarantees = this.#guarantees
    if (guarantees === undefined) throw new Error(`no engine of "${name}" was opened`)
    const entries = Object.entries(guarantees).map(([key, guarantee]) => {
      const feature = key as Feature
      const refusedWith = this.#refused.get(feature)
      const shown = { guarantee, shownBy: this.#shown.get(feature) ?? [] }
      return [feature, refusedWith === undefined ? shown : { ...shown, refusedWith }]
    })
    return {
      name,
      kind: this.#kind,
      features: Object.fromEntries(entries),
      besides: this.#shown.get(undefined) ?? [],
      leftOut: this.#leftOut,
    }
  }
}
