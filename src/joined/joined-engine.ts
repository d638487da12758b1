/*
 * The engine of a process that found the data directory taken: it works through the owner, and becomes
 * the owner itself when the directory is free.
 *
 * Rule: owners come and go, and that is no problem. Somebody is told only when nobody comes after one.
 */

import { openLinkedEngine } from '../adapters/linked-engine.ts'
import { systemClock } from '../clock.ts'
import type { EngineOptions } from '../embedded/engine-options.ts'
import type { Engine } from '../engine.ts'
import { backupByOwner } from './joined-backup.ts'
import { joiningLinks } from './joining.ts'
import { OwnerNews } from './owner-news.ts'

/** Owners that die one after the other are no server in trouble, and there is no network between. */
const waitMsMax = 100
/** Commands that join are mostly done by then. */
const preparedAfterMs = 1_000

/** Fails with `locked` when the owner cannot be joined, and with `not-permitted`, `unsupported`. */
export async function joinDirectory(directory: string, options: EngineOptions): Promise<Engine> {
  const news = new OwnerNews(options.onProblem, systemClock)
  // A connection keeps no process alive, but whoever opens a home waits for it.
  const waiting = setInterval(() => {}, 2 ** 30)
  try {
    const engine = await openLinkedEngine({
      open: joiningLinks(directory, options),
      where: directory,
      kind: 'joined',
      waitMsMax,
      onProblem: options.onProblem,
      onLost: (text) => news.lost(text),
      onBack: (text) => news.back(text),
    })
    const close = engine.close.bind(engine)
    engine.close = () => {
      news.end()
      return close()
    }
    const backup = engine.backup.bind(engine)
    engine.backup = (to) => backupByOwner({ of: directory, to }, backup)
    systemClock.after(preparedAfterMs, prepare)
    return engine
  } finally {
    clearInterval(waiting)
  }
}

/** Loads what an owner needs, so that it need not be loaded while all wait for the next one. */
function prepare(): void {
  for (const loading of [
    import('../embedded/ledger/sqlite-ledger.ts'),
    import('../server/joiner-server.ts'),
  ]) {
    // What cannot be loaded is told by who needs it.
    loading.catch(() => undefined)
  }
}
