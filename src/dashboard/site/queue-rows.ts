/*
 * Every queue that the user may see, live: all of them first, then those that changed.
 */

import { useMemo, useState } from 'preact/hooks'
import type {
  LiveQueuesJson,
  QueueListJson,
  QueueRowJson,
} from '../../http/shapes/figures-shapes.ts'
import { get } from './api.ts'
import { changed, type Rows } from './changed-rows.ts'
import { useEvents } from './live.ts'
import { type Resource, useResource } from './resource.ts'
import { shownVhost } from './vhosts.ts'

export function useQueueRows(): Resource<readonly QueueRowJson[]> {
  const [live, setLive] = useState<Rows>()
  const first = useResource('queues', (signal) =>
    get<QueueListJson>('api/figures/queues', undefined, signal),
  )
  useEvents('/api/events?queues=true', {
    queues: (event: LiveQueuesJson) => setLive((before) => changed(before ?? new Map(), event)),
  })
  const vhost = shownVhost()
  const read = first.data?.queues
  const data = useMemo(() => {
    const rows = live === undefined ? read : [...live.values()]
    return rows?.filter((row) => vhost === undefined || row.vhost === vhost)
  }, [live, read, vhost])
  return { data, error: data === undefined ? first.error : undefined, reload: first.reload }
}
