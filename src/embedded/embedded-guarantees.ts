import type { Guarantees } from '../engine.ts'

const guarantees: Guarantees = {
  durability: 'native',
  order: 'native',
  batches: 'native',
  deduplication: 'native',
  priority: 'native',
  delay: 'native',
  expiry: 'native',
  reinsertion: 'native',
  fencing: 'native',
  ledger: 'native',
  callbacks: 'native',
  gather: 'native',
  cancel: 'native',
  progress: 'native',
  elsewhere: 'native',
  deadLetters: 'native',
  depth: 'native',
  overflow: 'native',
  limits: 'native',
  counts: 'native',
}

const inMemory: Guarantees = {
  ...guarantees,
  durability: { emulated: 'in memory: until the process ends, and no longer' },
}

export const guaranteesOf = (kind: string): Guarantees =>
  kind === 'memory' ? inMemory : guarantees
