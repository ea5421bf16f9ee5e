import { runSeeds } from './seeds.ts'

// The long suite runs a thousand, and some of a year. See seeds.ts for how to repeat one.
runSeeds({ count: 1, days: 7 })
