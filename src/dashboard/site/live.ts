/*
 * Server-sent events of the page in view.
 *
 *   open ─▶ events ─▶ lost ─▶ again after a moment ─▶ …       hidden for a while: closed, until it is seen
 *     └─ other tabs have all the streams ─▶ one event, closed ─▶ again after a moment ─▶ …
 *
 * One stream at a time: the page says what it listens to, and leaving the page ends it. A tab that is opened in
 * the background listens to nothing before it is seen.
 */

import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { findIdentity } from './session.ts'
import { takeStreamSlot } from './stream-slots.ts'

export const liveState = signal<'none' | 'open' | 'lost'>('none')

type Handlers = Readonly<Record<string, (data: never) => void>>

/** Doubled at each loss, up to the most. */
const againMs = 2_000
const againMsMax = 30_000
const hiddenMsMax = 5_000
/** Between two looks of a tab for which there is no stream left. */
const lookMs = 3_000

class Stream {
  readonly #address: string
  readonly #handlers: () => Handlers
  #isWanted = false
  #source: EventSource | undefined
  #releaseSlot: (() => void) | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #hiding: ReturnType<typeof setTimeout> | undefined
  #waitMs = againMs

  constructor(address: string, handlers: () => Handlers) {
    this.#address = address
    this.#handlers = handlers
  }

  hidden(isHidden: boolean): void {
    clearTimeout(this.#hiding)
    if (isHidden) this.#hiding = setTimeout(() => this.#stop(), hiddenMsMax)
    else if (!this.#isWanted) {
      this.#isWanted = true
      void this.#open()
    }
  }

  close(): void {
    clearTimeout(this.#hiding)
    this.#stop()
    liveState.value = 'none'
  }

  async #open(): Promise<void> {
    const release = await takeStreamSlot()
    // Meanwhile it may have been stopped, and even begun again.
    if (!this.#isWanted || this.#source !== undefined) release?.()
    else {
      this.#releaseSlot = release
      this.#listen(release === undefined)
    }
  }

  #listen(isLook: boolean): void {
    const source = new EventSource(this.#address)
    this.#source = source
    source.onopen = () => {
      liveState.value = 'open'
      this.#waitMs = againMs
    }
    source.onerror = () => {
      liveState.value = 'lost'
      this.#again(this.#waitMs, () => void findIdentity())
      this.#waitMs = Math.min(this.#waitMs * 2, againMsMax)
    }
    for (const name of Object.keys(this.#handlers())) {
      source.addEventListener(name, ({ data }) => {
        this.#handlers()[name]?.(JSON.parse(String(data)) as never)
        if (isLook) this.#again(lookMs)
      })
    }
  }

  /** `before`: the session may be over; then the page becomes the login. */
  #again(ms: number, before = (): void => undefined): void {
    this.#end()
    this.#timer = setTimeout(() => {
      before()
      void this.#open()
    }, ms)
  }

  #stop(): void {
    this.#isWanted = false
    this.#end()
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#source?.close()
    this.#source = undefined
    this.#releaseSlot?.()
    this.#releaseSlot = undefined
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
    if (!document.hidden) seen()
    return () => {
      document.removeEventListener('visibilitychange', seen)
      stream.close()
    }
  }, [address])
}
