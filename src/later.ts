/** Done, or to be done: who gets one waits only when it must. */
export type Later<T> = T | Promise<T>
