/*
 * What a number was measured on: without it nobody can judge the number.
 */

import { execFileSync } from 'node:child_process'
import { readFileSync, statfsSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { resolve } from 'node:path'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGib: number
  readonly kernel: string
  readonly node: string
  readonly fileSystem: string
  /** Commit of the project, with `+` when files differ from it. */
  readonly commit: string
}

// Magic numbers of statfs(2).
const fileSystems: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x794c7630, 'overlay'],
  [0x2fc12fc1, 'zfs'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
])

const fileSystemOf = (directory: string): string => {
  const { type } = statfsSync(directory)
  return fileSystems.get(type >>> 0) ?? `0x${(type >>> 0).toString(16)}`
}

/** True where a sync costs nothing, so that measuring it would say nothing. */
export const isMemoryDisk = (directory: string): boolean =>
  ['tmpfs', 'ramfs'].includes(fileSystemOf(directory))

export function describeMachine(workDirectory: string): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    fileSystem: fileSystemOf(workDirectory),
    commit: commit(),
  }
}

/** Load average of the last minute: how busy others keep the machine. */
export const loadNow = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: resolve(import.meta.dirname, '..'), stdio: 'pipe' })
      .toString()
      .trim()
  try {
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+')
  } catch {
    return 'unknown'
  }
}

export interface Memory {
  /** Resident now, bytes. */
  readonly residentBytes: number
  /** The most that was ever resident, bytes. */
  readonly peakBytes: number
}

/** Memory of this process as the kernel counts it; zeros where there is no /proc. */
export function memoryNow(): Memory {
  let status: string
  try {
    status = readFileSync('/proc/self/status', 'utf8')
  } catch {
    return { residentBytes: process.memoryUsage.rss(), peakBytes: 0 }
  }
  const kib = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)
  return { residentBytes: kib('VmRSS') * 1024, peakBytes: kib('VmHWM') * 1024 }
}
