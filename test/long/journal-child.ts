import { openJournal } from '../../src/bronze/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { recordOf } from '../contract/bronze/support.ts'

/** Writes a log as fast as it can until it is killed, telling of each acknowledged position. */
const [dataDir = '', name = ''] = process.argv.slice(2)
const journal = await openJournal({ dataDir, name, clock: systemClock, commitWindowMs: 2 })
journal.onDurable((durablePos) => process.stdout.write(`${durablePos}\n`))
for (let n = journal.nextPos; ; n++) {
  journal.append(recordOf(n))
  if (n % 97 === 0) await systemClock.sleep(1)
}
