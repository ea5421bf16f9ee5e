// Each year has both days on which clocks are set.
import { runSeeds } from '../flow/seeds.ts'

runSeeds({ first: 1001, count: 5, days: 365 })
