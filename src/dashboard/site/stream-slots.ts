/*
 * How many streams of events the tabs of one browser hold open together.
 *
 * Over HTTP/1.1 a browser opens six connections to a server, for all of its tabs; with a stream in each of
 * six tabs nothing else would be answered, no seventh page either. A lock of the browser stands for each
 * stream, and is free again when its tab is gone, however that ended.
 */

const slotsMax = 3

/** Gives the slot back; undefined when all are taken. */
export async function takeStreamSlot(): Promise<(() => void) | undefined> {
  // Pages that came from another machine without TLS have no locks.
  const locks = navigator.locks as LockManager | undefined
  if (locks === undefined) return () => undefined
  for (let slot = 0; slot < slotsMax; slot++) {
    const release = await taken(locks, `homing-stream-${slot}`)
    if (release !== undefined) return release
  }
  return undefined
}

const taken = (locks: LockManager, name: string): Promise<(() => void) | undefined> =>
  new Promise((resolve) => {
    const held = (lock: Lock | null): Promise<void> | undefined => {
      if (lock !== null) return new Promise<void>((release) => resolve(() => release()))
      resolve(undefined)
      return undefined
    }
    locks.request(name, { ifAvailable: true }, held).catch(() => resolve(undefined))
  })
