/*
 * Server-sent events of the page in view.
 *
 *   open ─▶ events ─▶ lost ─▶ again after a moment ─▶ …       hidden for a while: closed, until it is seen
 *
 * One stream at a time: the page says what it listens to, and leaving the page ends it.
 */

import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { findIdentity } from './session.ts'

export const liveState = signal<'none' | 'open' | 'lost'>('none')

type Handlers = Readonly<Record<string, (data: never) => void>>

/** Doubled at each loss, up to the most. */
const againMs = 2_000
const againMsMax = 30_000
const hiddenMsMax = 30_000

class Stream {
  readonly #address: string
  readonly #handlers: () => Handlers
  #source: EventSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #waitMs = againMs

  constructor(address: string, handlers: () => Handlers) {
    this.#address = address
    this.#handlers = handlers
  }

  open(): void {
    clearTimeout(this.#timer)
    if (this.#source !== undefined) return
    const source = new EventSource(this.#address)
    this.#source = source
    source.onopen = () => {
      liveState.value = 'open'
      this.#waitMs = againMs
    }
    source.onerror = () => {
      liveState.value = 'lost'
      this.#end()
      this.#timer = setTimeout(() => {
        // The session may be over; then the page becomes the login.
        void findIdentity()
        this.open()
      }, this.#waitMs)
      this.#waitMs = Math.min(this.#waitMs * 2, againMsMax)
    }
    for (const name of Object.keys(this.#handlers())) {
      source.addEventListener(name, ({ data }) => {
        this.#handlers()[name]?.(JSON.parse(String(data)) as never)
      })
    }
  }

  hidden(isHidden: boolean): void {
    clearTimeout(this.#timer)
    if (isHidden) this.#timer = setTimeout(() => this.#end(), hiddenMsMax)
    else this.open()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#end()
    liveState.value = 'none'
  }

  #end(): void {
    this.#source?.close()
    this.#source = undefined
  }
}

/** Listens while the component is shown. '' listens to nothing. */
export function useEvents(address: string, handlers: Handlers): void {
  const latest = useRef(handlers)
  latest.current = handlers
  useEffect(() => {
    if (address === '') return undefined
    const stream = new Stream(address, () => latest.current)
    const seen = (): void => stream.hidden(document.hidden)
    document.addEventListener('visibilitychange', seen)
    stream.open()
    return () => {
      document.removeEventListener('visibilitychange', seen)
      stream.close()
    }
  }, [address])
}
