import { expect, suite, test } from 'vitest'
import { createManualClock, systemClock } from '../../../src/core/clock.ts'
import {
  acquireLease,
  confirmLease,
  type Lease,
  openWarehouse,
  releaseLease,
  type Warehouse,
} from '../../../src/warehouse/index.ts'
import { endChildrenAfterEach, startChild } from './children.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { MINUTE } from './rows.ts'

const clock = createManualClock(MINUTE)
const TTL = 1_000_000

suite.each(DIALECTS)('leases in $name', (dialect) => {
  const url = useWarehouse(dialect)
  endChildrenAfterEach()
  const open = () => openWarehouse({ url: url(), mode: 'write', clock })
  const take = (warehouse: Warehouse, holder: string, nowUs: number): Promise<Lease> =>
    warehouse.write((tx) => acquireLease(tx, { name: 'silver', holder, nowUs, ttlUs: TTL }))
  const confirm = (warehouse: Warehouse, lease: Lease, nowUs: number): Promise<void> =>
    warehouse.write((tx) => confirmLease(tx, lease, nowUs))

  test('are held by one, who is named to the next', async () => {
    await using warehouse = await open()
    expect((await take(warehouse, 'a', 0)).token).toBe(1)
    await expect(take(warehouse, 'b', TTL - 1)).rejects.toMatchObject({
      code: 'ASSAY_LOCKED',
      context: { holder: 'a' },
    })
  })

  test('are taken once they run out, and then fail the commit of the first holder', async () => {
    await using warehouse = await open()
    const first = await take(warehouse, 'a', 0)
    const second = await take(warehouse, 'b', TTL)
    expect(second.token).toBe(first.token + 1)
    const stale = warehouse.write(async (tx) => {
      await tx.count({ accepted: 1 })
      await confirmLease(tx, first, TTL)
    })
    await expect(stale).rejects.toMatchObject({ code: 'ASSAY_LEASE_LOST' })
    const counters = warehouse.read((db) => db.selectFrom('ops_counters').selectAll().execute())
    expect(await counters).toEqual([])
    await confirm(warehouse, second, TTL)
  })

  test('are kept by committing, and by having run out unnoticed', async () => {
    await using warehouse = await open()
    const lease = await take(warehouse, 'a', 0)
    await confirm(warehouse, lease, TTL * 3)
    await expect(take(warehouse, 'b', TTL * 4 - 1)).rejects.toMatchObject({ code: 'ASSAY_LOCKED' })
  })

  test('that are let go are free at once, with a greater token', async () => {
    await using warehouse = await open()
    const first = await take(warehouse, 'a', 0)
    await warehouse.write((tx) => releaseLease(tx, first))
    const second = await take(warehouse, 'b', 1)
    expect(second.token).toBe(2)
    await warehouse.write((tx) => releaseLease(tx, first))
    await confirm(warehouse, second, 1)
  })

  test('of a killed process are free once its lock is ours, else when they run out', async () => {
    const child = startChild('lease', url())
    expect(await child.next()).toBe('token 1')
    await expect(open()).rejects.toMatchObject({ code: 'ASSAY_LOCKED' })
    await child.kill()
    await using warehouse = await open()
    const nowUs = systemClock.nowUs()
    if (!dialect.locksWriters) {
      await expect(take(warehouse, 'b', nowUs)).rejects.toMatchObject({
        code: 'ASSAY_LOCKED',
        context: { holder: 'the child' },
      })
    }
    const waitUs = dialect.locksWriters ? 0 : 60_000_000
    expect((await take(warehouse, 'b', nowUs + waitUs)).token).toBe(2)
  })
})
