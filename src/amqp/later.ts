/*
 * Going on when a result is there: at once when it is, so that nothing waits for nothing.
 */

import type { Later } from '../virtual-host/port.ts'

export function after<T, R>(later: Later<T>, go: (value: T) => Later<R>): Later<R> {
  return later instanceof Promise ? later.then(go) : go(later)
}
