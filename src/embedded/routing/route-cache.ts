/**
 * Where keys went lately. It is emptied by every change of exchanges and bindings, and when it is
 * full: a stream of keys that never come again costs no more than routing without it.
 */
export class RouteCache {
  readonly #max: number
  readonly #byExchange = new Map<string, Map<string, readonly string[]>>()
  #size = 0

  constructor(max: number) {
    this.#max = max
  }

  get(exchange: string, routingKey: string): readonly string[] | undefined {
    return this.#byExchange.get(exchange)?.get(routingKey)
  }

  set(exchange: string, routingKey: string, queues: readonly string[]): void {
    if (this.#size >= this.#max) this.clear()
    let routes = this.#byExchange.get(exchange)
    if (routes === undefined) {
      routes = new Map()
      this.#byExchange.set(exchange, routes)
    }
    routes.set(routingKey, queues)
    this.#size++
  }

  clear(): void {
    if (this.#size === 0) return
    this.#byExchange.clear()
    this.#size = 0
  }
}
