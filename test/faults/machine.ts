/*
 * What this machine lets a test do: mounts, tracing, another user. A test that needs what is not here
 * is skipped with the reason; the CI script installs it all and forbids skipping.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const isRoot = process.getuid?.() === 0
const has = (program: string): boolean => spawnSync('which', [program]).status === 0

export const eatMyData: string | undefined = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/libeatmydata.so`)
  .find((path) => existsSync(path))

const needs = {
  root: () => (isRoot ? undefined : 'the user root'),
  strace: () => (has('strace') && canTrace() ? undefined : 'strace (apt-get install strace)'),
  mount: () => (canMount() ? undefined : 'mounting a file system'),
  prlimit: () => (has('prlimit') ? undefined : 'prlimit (apt-get install util-linux)'),
  loop: () => (canLoop() ? undefined : 'ext4 on a loop device, and perl'),
  eatmydata: () => (eatMyData ? undefined : 'libeatmydata (apt-get install libeatmydata1)'),
} as const

/** Why a test is skipped, for its `skip` option; false when the machine has it all. */
export function lacking(...names: (keyof typeof needs)[]): string | false {
  const missing = names.map((name) => needs[name]()).filter((what) => what !== undefined)
  return missing.length > 0 && `needs ${missing.join(' and ')}`
}

function canTrace(): boolean {
  return spawnSync('strace', ['-qq', '-o', '/dev/null', 'true']).status === 0
}

function canMount(): boolean {
  if (!isRoot) return false
  try {
    mountedTmpfs('64k')[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}

function canLoop(): boolean {
  if (!isRoot || !has('mkfs.ext4') || !has('losetup') || !has('perl')) return false
  return spawnSync('losetup', ['-f']).status === 0
}

/** An empty directory of its own, removed at the end. */
export function newDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'homing-faults-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

export interface Mounted extends Disposable {
  readonly path: string
  remount(options: string): void
}

/** A file system in memory of that size, as `mount` writes it: `2m`. */
export function mountedTmpfs(size: string): Mounted {
  const directory = newDirectory()
  const { path } = directory
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
  return {
    path,
    remount: (options) => {
      execFileSync('mount', ['-o', `remount,${options}`, path])
    },
    [Symbol.dispose]: () => {
      spawnSync('umount', ['-l', path])
      directory[Symbol.dispose]()
    },
  }
}
