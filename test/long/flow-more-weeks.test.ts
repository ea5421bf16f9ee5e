// The other half of a thousand weeks; see flow-weeks.test.ts.
import { runSeeds } from '../flow/seeds.ts'

runSeeds({ first: 501, count: 500, days: 7 })
