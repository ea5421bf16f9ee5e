// Half of a thousand weeks; the others are a file of their own, for another worker.
import { runSeeds } from '../flow/seeds.ts'

runSeeds({ count: 500, days: 7 })
