import { systemClock } from '../../../src/core/clock.ts'
import { AssayError } from '../../../src/core/errors.ts'
import { acquireLease, createGeneration, openWarehouse } from '../../../src/warehouse/index.ts'
import { tradeInsert, tradeRow } from './rows.ts'

/**
 * What the suite has another process do, by its first argument, on the warehouse its second
 * names: `lease` takes a lease and holds it; `rebuild` fills a generation without end. Each
 * says on standard output how far it is, or the code of its failure.
 */
const [, , act, url = ''] = process.argv
const clock = systemClock

try {
  if (act === 'lease') await holdLease()
  else if (act === 'rebuild') await rebuildForever()
} catch (error) {
  if (!(error instanceof AssayError)) throw error
  console.log(`${error.code} ${error.message}`)
}

async function holdLease(): Promise<void> {
  const warehouse = await openWarehouse({ url, mode: 'write', clock, holder: 'the child' })
  const request = { name: 'silver', holder: 'the child', nowUs: clock.nowUs(), ttlUs: 60_000_000 }
  const lease = await warehouse.write((tx) => acquireLease(tx, request))
  console.log(`token ${lease.token}`)
  await clock.sleep(60_000)
}

async function rebuildForever(): Promise<void> {
  const generation = await createGeneration({ url, clock })
  for (let first = 0; ; first += 1000) {
    const rows = Array.from({ length: 1000 }, (_, index) => tradeRow({ trade_id: first + index }))
    await generation.write((tx) => tx.insertTrades(tradeInsert(rows)))
    console.log(`${generation.generation} ${first}`)
    await clock.sleep(1)
  }
}
