/*
 * What a broker's process takes, as the kernel counts it: CPU of all its threads and of the processes
 * it started (RabbitMQ keeps a few), and resident memory. Zeros where there is no /proc.
 */

import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessUse {
  readonly cpuUs: number
  readonly residentBytes: number
}

/** Linux counts in hundredths of a second, whatever the kernel's own tick is. */
const usPerTick = 10_000

export function processUse(pids: readonly number[]): ProcessUse {
  let cpuUs = 0
  let residentBytes = 0
  for (const pid of pids) {
    const stat = statOf(pid)
    // Fields 14 to 17: user and system time, its own and of children that ended.
    cpuUs += usPerTick * [11, 12, 13, 14].reduce((sum, field) => sum + Number(stat[field] ?? 0), 0)
    residentBytes += residentOf(pid)
  }
  return { cpuUs, residentBytes }
}

/** The process and everything it started, itself first. */
export function processTree(root: number): readonly number[] {
  const parents = new Map(allPids().map((pid) => [pid, Number(statOf(pid)[1] ?? 0)]))
  const tree = [root]
  for (const one of tree) for (const [pid, parent] of parents) if (parent === one) tree.push(pid)
  return tree
}

function allPids(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** The fields of /proc/PID/stat behind the name, which may hold blanks: state first. */
function statOf(pid: number): string[] {
  const text = read(`/proc/${pid}/stat`)
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

const residentOf = (pid: number): number =>
  1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
