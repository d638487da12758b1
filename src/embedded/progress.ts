/*
 * Live values from running handlers to whoever watches an id. Not stored: who watches later sees
 * later values only.
 */

type Seen = (body: Uint8Array, contentType: string) => void

export class Progress {
  readonly #watchers = new Map<string, Set<Seen>>()

  watch(id: string, seen: Seen): () => void {
    const watchers = this.#watchers.get(id) ?? new Set()
    watchers.add(seen)
    this.#watchers.set(id, watchers)
    return () => {
      watchers.delete(seen)
      if (watchers.size === 0 && this.#watchers.get(id) === watchers) this.#watchers.delete(id)
    }
  }

  report(id: string, body: Uint8Array, contentType: string): void {
    const watchers = this.#watchers.get(id)
    if (!watchers) return
    for (const seen of watchers) seen(body, contentType)
  }
}
