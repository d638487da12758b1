/*
 * What a page shows of the server: read when the page comes, read again while it is looked at.
 *
 *   load ─▶ data ─▶ wait ─▶ load …        a hidden tab asks for nothing
 *
 * Rule: an answer that comes after the page has asked for something else is dropped.
 */

import { useEffect, useRef, useState } from 'preact/hooks'

export interface Resource<T> {
  /** Undefined until the first answer. What was there stays while it is read again. */
  readonly data: T | undefined
  readonly error: Error | undefined
  reload(): void
}

interface Known<T> {
  readonly key: string
  readonly data?: T
  readonly error?: Error | undefined
}

export type Load<T> = (signal: AbortSignal) => Promise<T>

/** `key` says what is asked for: another key is another question. No `everyMs`: it is read once. */
export function useResource<T>(key: string, load: Load<T>, everyMs?: number): Resource<T> {
  const [state, setState] = useState<Known<T>>({ key })
  const [turn, setTurn] = useState(0)
  const latest = useRef(load)
  latest.current = load
  useEffect(() => {
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let isRead = false
    const read = async (): Promise<void> => {
      // A tab that is opened in the background has its page when it is looked at.
      const isDue = !isRead || !document.hidden
      const before = isDue ? await answered(latest.current, stop.signal) : undefined
      isRead = true
      if (stop.signal.aborted) return
      if (before !== undefined) {
        setState((known) => ({ ...(known.key === key && known), ...clean(before), key }))
      }
      if (everyMs !== undefined) timer = setTimeout(read, everyMs)
    }
    const shown = (): void => {
      if (document.hidden || everyMs === undefined) return
      clearTimeout(timer)
      void read()
    }
    document.addEventListener('visibilitychange', shown)
    void read()
    return () => {
      stop.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', shown)
    }
  }, [key, everyMs, turn])
  const isOwn = state.key === key
  return {
    data: isOwn ? state.data : undefined,
    error: isOwn ? state.error : undefined,
    reload: () => setTurn((before) => before + 1),
  }
}

type Answered<T> = { readonly data: T } | { readonly error: Error }

async function answered<T>(load: Load<T>, signal: AbortSignal): Promise<Answered<T>> {
  try {
    return { data: await load(signal) }
  } catch (thrown) {
    return { error: thrown as Error }
  }
}

const clean = <T>(answer: Answered<T>): Answered<T> & { error?: Error | undefined } =>
  'data' in answer ? { ...answer, error: undefined } : answer
