/** Done, or to be done: who gets one waits only when it must. */
export type Later<T> = T | Promise<T>

/** Goes on with the value: at once when it is there. */
export function after<T, R>(later: Later<T>, go: (value: T) => Later<R>): Later<R> {
  return later instanceof Promise ? later.then(go) : go(later)
}
