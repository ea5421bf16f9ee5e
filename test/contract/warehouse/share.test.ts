import { expect, suite, test } from 'vitest'
import { systemClock } from '../../../src/core/clock.ts'
import {
  acquireLease,
  confirmLease,
  createGeneration,
  openWarehouse,
  readChangeSeq,
  type Warehouse,
} from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { MINUTE } from './rows.ts'

const clock = systemClock

const note = (warehouse: Warehouse, name: string) =>
  warehouse.write(async (tx) => {
    await tx.upsert('ops_schedules', [{ name, cursor_us: tx.changeSeq }])
    return tx.changeSeq
  })
const notes = (warehouse: Warehouse) =>
  warehouse.read((db) => db.selectFrom('ops_schedules').selectAll().orderBy('name').execute())

suite.each(DIALECTS)('writing beside the writer in $name', (dialect) => {
  const url = useWarehouse(dialect)
  const open = (mode: 'read' | 'write' | 'share') => openWarehouse({ url: url(), mode, clock })

  test('makes the tables where there are none, and lets go of the lock', async () => {
    await using shared = await open('share')
    expect(await note(shared, 'a')).toBe(1)
    await using writer = await open('write')
    expect((await notes(writer)).map((row) => row.name)).toEqual(['a'])
  })

  test('no two commits have one number, whoever makes them', async () => {
    await using writer = await open('write')
    await using one = await open('share')
    await using other = await open('share')
    const numbers = await Promise.all(
      Array.from({ length: 40 }, (_, at) => note(at % 2 === 0 ? one : other, `n${at}`)),
    )
    // The writer has a thread of its own in life: it does not wait for others of its thread.
    for (let at = 40; at < 60; at += 1) numbers.push(await note(writer, `n${at}`))
    expect(new Set(numbers).size).toBe(60)
    expect(await one.read(readChangeSeq)).toBe(60)
    expect(await notes(other)).toHaveLength(60)
  })

  test('work that throws leaves nothing, and the next goes on', async () => {
    await using shared = await open('share')
    const failed = shared.write(async (tx) => {
      await tx.upsert('ops_schedules', [{ name: 'gone', cursor_us: 1 }])
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    await note(shared, 'kept')
    expect((await notes(shared)).map((row) => row.name)).toEqual(['kept'])
  })

  test('a commit after a swap goes into the new generation', async () => {
    await using shared = await open('share')
    await note(shared, 'before')
    const generation = await createGeneration({ url: url(), clock })
    await generation.write((tx) => tx.upsert('ops_schedules', [{ name: 'built', cursor_us: 0 }]))
    await generation.finish()
    await Promise.all([note(shared, 'after'), note(shared, 'later')])
    const names = (await notes(shared)).map((row) => row.name)
    expect(names).toEqual(expect.arrayContaining(['after', 'built', 'later']))
  })

  test('what is held beside the writer survives the writer’s coming', async () => {
    await using shared = await open('share')
    const ask = (name: string) => ({ name, holder: 'me', nowUs: MINUTE, ttlUs: MINUTE })
    const ours = await shared.write((tx) => acquireLease(tx, ask('run/a')))
    await using writer = await open('write')
    await expect(writer.write((tx) => acquireLease(tx, ask('run/a')))).rejects.toMatchObject({
      code: 'ASSAY_LOCKED',
    })
    await shared.write((tx) => confirmLease(tx, ours, MINUTE))
  })
})
