import {
  engineConformance,
  openSimulatedEngine,
  withoutConnection,
} from '../../src/testing/index.ts'

engineConformance({
  name: 'embedded, on a simulated machine',
  without: withoutConnection,
  open: async () => {
    let machine = await openSimulatedEngine({ segmentBytes: 4_096, checkpointBytes: 8_192 })
    return {
      engine: machine.engine,
      reopen: async () => {
        machine = await machine.reopen()
        return machine.engine
      },
      pass: (ms) => machine.clock.advance(ms),
      dispose: () => machine.clock.until(machine.engine.close()),
    }
  },
})
