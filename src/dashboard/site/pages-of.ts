/*
 * Lists that come in pages: the first one read again while it is looked at, more on demand.
 */

import { useState } from 'preact/hooks'
import { type Resource, useResource } from './resource.ts'
import type { Query } from './route.ts'

export interface Pages<Page> extends Resource<readonly Page[]> {
  /** Undefined when there is no more. */
  readonly more: (() => Promise<void>) | undefined
}

interface HasNext {
  readonly next?: string | undefined
}

type ReadPage<Page> = (query: Query, signal?: AbortSignal) => Promise<Page>

/** When more was asked for, the list stands still: rows must not move under the reader. */
export function usePages<Page extends HasNext>(
  key: string,
  read: ReadPage<Page>,
  everyMs: number,
): Pages<Page> {
  const [later, setLater] = useState<{ key: string; pages: readonly Page[] }>({ key, pages: [] })
  const pages = later.key === key ? later.pages : []
  const first = useResource(
    key,
    (signal) => read({}, signal),
    pages.length === 0 ? everyMs : undefined,
  )
  const next = pages.length === 0 ? first.data?.next : pages.at(-1)?.next
  return {
    data: first.data && [first.data, ...pages],
    error: first.error,
    reload: () => {
      setLater({ key, pages: [] })
      first.reload()
    },
    more:
      next === undefined
        ? undefined
        : async () => {
            const page = await read({ after: next })
            setLater({ key, pages: [...pages, page] })
          },
  }
}
