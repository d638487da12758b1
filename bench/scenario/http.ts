import type { LoadResult } from '../client/closed-loop.ts'
import { startHttpServer } from '../http/http-server.ts'
import type { HttpListsSettings, ListTimes } from '../http/lists.ts'
import type { HttpSendsSettings } from '../http/sends.ts'
import { runProgram } from '../load-program.ts'
import { alternate, loadOf } from './alternate.ts'
import { type Findings, type Scenario, target } from './scenario.ts'

const connectionCount = 64
const perSecondAtLeast = 5_000
const pageMsMax = 200
const [queues, messages, rounds] = [500, 1_000_000, 100]

export const httpSends: Scenario = {
  name: 'http-sends',
  title:
    'HTTP API: one message of 100 bytes a request, 64 connections, answered when it is on disk',
  async run(bench): Promise<Findings> {
    const server = await startHttpServer(bench, 'http-sends')
    const { url, pid, password } = server
    try {
      const system = {
        name: 'Homing',
        durability: 'written and synced in groups before the answer',
        settings: `homing serve; ${connectionCount} connections of node:http`,
        run: (load: HttpSendsSettings['load']) =>
          runProgram<LoadResult>('http/program/sends', { url, pid, password, load }),
      }
      const systems = await alternate(bench, [system], loadOf(bench, connectionCount))
      const rates = systems.flatMap(({ rounds }) => rounds.map(({ perSecond }) => perSecond))
      const measured = {
        median: systems[0]?.medianPerSecond ?? Number.NaN,
        min: Math.min(...rates),
        max: Math.max(...rates),
      }
      const label = 'HTTP: messages a second, one a request'
      const targets = [target(label, { atLeast: perSecondAtLeast }, '/s', measured)]
      return { systems, figures: [], targets, notes: [] }
    } finally {
      await server.stop()
    }
  },
}

export const httpLists: Scenario = {
  name: 'http-lists',
  title: 'HTTP API: what pages ask, with 500 queues and 1 million messages',
  slow: true,
  async run(bench): Promise<Findings> {
    const server = await startHttpServer(bench, 'http-lists')
    const { url, password } = server
    try {
      const settings: HttpListsSettings = { url, password, queues, messages, rounds }
      const times = await runProgram<readonly ListTimes[]>('http/program/lists', settings)
      const slowest = Math.max(...times.map(({ p99Ms }) => p99Ms))
      return {
        systems: [],
        figures: times.map(({ path, p99Ms }) => ({
          label: `${labelOf(path)}, p99`,
          value: p99Ms,
          unit: 'ms',
        })),
        targets: [
          target('HTTP: the slowest page, p99', { atMost: pageMsMax }, 'ms', { median: slowest }),
        ],
        notes: [],
      }
    } finally {
      await server.stop()
    }
  },
}

/** Without ids, which are others each time. */
const labelOf = (path: string): string =>
  path.replace(/\/[0-9a-f]{8}-[0-9a-f-]{27}/, '/{id}').replace(/\/orders-7/, '/{queue}')
