import {
  engineConformance,
  openSimulatedEngine,
  withoutConnection,
} from '../../src/testing/index.ts'

// Where the suite closes the engine and opens it again, the machine loses its power instead.
engineConformance({
  name: 'embedded, on a machine that loses power',
  without: withoutConnection,
  open: async () => {
    let machine = await openSimulatedEngine({ segmentBytes: 4_096, checkpointBytes: 8_192 })
    return {
      engine: machine.engine,
      reopen: async () => {
        machine = await machine.crash('power')
        return machine.engine
      },
      pass: (ms) => machine.clock.advance(ms),
      dispose: () => machine.clock.until(machine.engine.close()),
    }
  },
})
