/*
 * Enters into package-lock.json the packages of other platforms that npm left out.
 *
 * npm forgets an optional package that it could not look up, as happens where a registry mirror carries
 * only some platforms; after that `npm ci` refuses the lock file everywhere. Run it when `npm ci` says
 * "Missing: … from lock file". The entry has no checksum: npm fills it in where the package is found.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface LockEntry {
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

const path = join(import.meta.dirname, '../package-lock.json')
const platform =
  /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x)(-.*)?$/
/** What npm takes where no binary fits; it runs on any system. */
const anywhere = /-(wasm32)-wasi$/

const lock = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, LockEntry> }
const { '': project = {}, ...known } = lock.packages
const missing: Record<string, LockEntry> = {}

for (const { optionalDependencies = {}, dev } of Object.values(known)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const key = `node_modules/${name}`
    const [, os, native, abi = ''] = platform.exec(name) ?? []
    const cpu = native ?? anywhere.exec(name)?.[1]
    if (cpu === undefined || Object.keys(known).some((path) => path.endsWith(key))) continue
    const libc = abi.includes('musl') ? ['musl'] : abi.includes('gnu') ? ['glibc'] : undefined
    missing[key] = {
      version,
      cpu: [cpu],
      ...(dev === true && { dev }),
      ...(libc && { libc }),
      optional: true,
      ...(os && { os: [os] }),
    }
  }
}

const entries = Object.entries({ ...known, ...missing })
const sorted = entries.toSorted(([a], [b]) => a.localeCompare(b, 'en'))
lock.packages = { '': project, ...Object.fromEntries(sorted) }
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`entered ${Object.keys(missing).length} packages of other platforms\n`)
