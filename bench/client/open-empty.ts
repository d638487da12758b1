/*
 * `import 'homing'` and an empty directory opened, timed from inside a fresh process: what a
 * program pays for having a queue. Node's own start is not in it.
 */

import { runClient } from './run-client.ts'

export interface OpenSettings {
  /** What is imported: the package's name, or a file of it. */
  readonly module: string
  readonly directory: string
}

export interface OpenResult {
  readonly importMs: number
  readonly openMs: number
}

runClient(async (settings: OpenSettings): Promise<OpenResult> => {
  const began = performance.now()
  const { homing } = (await import(settings.module)) as typeof import('../../src/index.ts')
  const imported = performance.now()
  const home = await homing(settings.directory)
  const opened = performance.now()
  await home.close()
  return { importMs: imported - began, openMs: opened - imported }
})
