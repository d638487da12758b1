import type { Define } from './command.ts'

export interface CommandEntry {
  readonly name: string
  readonly summary: string
  /** Loads the command's file: only the one that runs is ever loaded. */
  readonly load: () => Promise<Define>
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'demo',
    summary: 'watch a few thousand messages go out and come home',
    load: async () => (await import('./demo/demo.ts')).defineDemo,
  },
  {
    name: 'send',
    summary: 'send messages to a queue',
    load: async () => (await import('./send.ts')).defineSend,
  },
  {
    name: 'work',
    summary: 'work on a queue with a command of yours',
    load: async () => (await import('./work.ts')).defineWork,
  },
  {
    name: 'outcome',
    summary: 'what became of a message',
    load: async () => (await import('./outcome.ts')).defineOutcome,
  },
  {
    name: 'outcomes',
    summary: 'list outcomes, newest first',
    load: async () => (await import('./outcomes.ts')).defineOutcomes,
  },
  {
    name: 'queues',
    summary: 'list queues and what waits in them',
    load: async () => (await import('./queues.ts')).defineQueues,
  },
  {
    name: 'pause',
    summary: 'deliver nothing of a queue until it is resumed',
    load: async () => (await import('./pause.ts')).definePause,
  },
  {
    name: 'resume',
    summary: 'deliver again what is in a paused queue',
    load: async () => (await import('./pause.ts')).defineResume,
  },
  {
    name: 'dead',
    summary: 'list, replay or drop dead letters',
    load: async () => (await import('./dead.ts')).defineDead,
  },
  {
    name: 'verify',
    summary: 'check everything that is stored, changing nothing',
    load: async () => (await import('./verify.ts')).defineVerify,
  },
  {
    name: 'export',
    summary: 'write out what is stored, one JSON a line',
    load: async () => (await import('./export.ts')).defineExport,
  },
  {
    name: 'backup',
    summary: 'copy the data directory while it is in use',
    load: async () => (await import('./backup.ts')).defineBackup,
  },
  {
    name: 'serve',
    summary: 'a broker that every RabbitMQ client can use',
    load: async () => (await import('./serve.ts')).defineServe,
  },
  {
    name: 'config',
    summary: 'check or show what homing serve is told',
    load: async () => (await import('./config.ts')).defineConfig,
  },
  {
    name: 'health',
    summary: 'whether the server answers',
    load: async () => (await import('./health.ts')).defineHealth,
  },
  {
    name: 'top',
    summary: 'queues, rates and what is not yet home, live',
    load: async () => (await import('./top.ts')).defineTop,
  },
  {
    name: 'user',
    summary: 'who may use the broker, and for what',
    load: async () => (await import('./user.ts')).defineUser,
  },
  {
    name: 'vhost',
    summary: 'the virtual hosts of the broker',
    load: async () => (await import('./vhost.ts')).defineVhost,
  },
  {
    name: 'policy',
    summary: 'settings for queues of the broker, by name',
    load: async () => (await import('./policy.ts')).definePolicy,
  },
  {
    name: 'audit',
    summary: 'who changed what on the broker, and a check of that log',
    load: async () => (await import('./audit.ts')).defineAudit,
  },
  {
    name: 'bench',
    summary: 'a short benchmark of this machine',
    load: async () => (await import('./bench.ts')).defineBench,
  },
]
