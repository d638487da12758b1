/*
 * Where scripts/install-interop.sh puts clients that are no system packages: a folder of the user's
 * cache, or HOMING_INTEROP_HOME.
 */

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
const home = process.env.HOMING_INTEROP_HOME ?? join(cache, 'homing-interop')

/** Has pika, aio-pika, kombu and Celery. */
export const python = join(home, 'python/bin/python')
/** Comes with the instrumentation of pika; what was installed before it does not have it. */
export const pythonTraces = join(home, 'python/bin/opentelemetry-instrument')
/** Holds the jars of the Java clients. */
export const jars = join(home, 'java')
/** Cargo's target folder for the Rust clients. */
export const rust = join(home, 'rust')
/** What examples/nestjs stands on. */
export const nestjs = join(home, 'nestjs/node_modules')

/** Why a test is skipped when one of these paths is not there; false when all are. */
export function lacking(...paths: readonly string[]): string | false {
  return !paths.every((path) => existsSync(path)) && 'needs scripts/install-interop.sh'
}

/** The same for a command that the system brings. */
export function lackingCommand(name: string): string | false {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = folders.some((folder) => existsSync(join(folder, name)))
  return !found && `needs ${name}; scripts/install-interop.sh brings it`
}
