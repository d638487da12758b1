import { testSeeds } from './seeds.ts'

await testSeeds(1_001, 2_000)
