export type {
  ConformanceReport,
  FeatureReport,
  LeftOut,
} from './conformance/report.ts'
export {
  type Ability,
  type EngineUnderTest,
  type Opening,
  type Openings,
  type Without,
  withoutConnection,
} from './conformance/subject.ts'
export {
  type DiskFault,
  type DiskOperation,
  type DiskOperationKind,
  diskError,
  type FaultPlan,
  nthOperation,
} from './disk-fault.ts'
export { DiskState } from './disk-state.ts'
export { type ConformanceOptions, engineConformance } from './engine-conformance.ts'
export { type RandomSource, randomSource } from './random.ts'
export { SimulatedClock, type SimulatedClockOptions } from './simulated-clock.ts'
export { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts'
export {
  openSimulatedEngine,
  SimulatedEngine,
  type SimulatedEngineOptions,
} from './simulated-engine.ts'
export { SimulatedLedger, type SimulatedLedgerOptions } from './simulated-ledger.ts'
export { type SimulatedBroker, startSimulatedBroker } from './start-simulated-broker.ts'
