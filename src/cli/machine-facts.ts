/*
 * What the machine tells of a data directory and of the process that has it open. What cannot be seen,
 * for want of rights or on another system, is undefined.
 */

import fs from 'node:fs'
import { join } from 'node:path'
import type { MachineFacts } from './top-screen.ts'

export function machineFacts(directory: string): MachineFacts {
  const process = ownerOf(directory)
  return {
    process,
    memoryBytes: process === undefined ? undefined : seen(() => residentBytes(process)),
    diskFreeBytes: seen(() => {
      const { bavail, bsize } = fs.statfsSync(directory)
      return bavail * bsize
    }),
    dataBytes: seen(() => bytesIn(directory)),
  }
}

function seen<Value>(look: () => Value): Value | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** The process id on the first line of the file `owner`. */
function ownerOf(directory: string): number | undefined {
  const line = seen(() => fs.readFileSync(join(directory, 'owner'), 'utf8').split('\n')[0])
  return line !== undefined && /^\d{1,10}$/.test(line) ? Number(line) : undefined
}

function residentBytes(process: number): number | undefined {
  const status = fs.readFileSync(`/proc/${process}/status`, 'utf8')
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? []
  return kib === undefined ? undefined : Number(kib) * 1024
}

const bytesIn = (directory: string): number =>
  fs
    .readdirSync(directory)
    .reduce(
      (sum, name) =>
        sum + (fs.statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    )
