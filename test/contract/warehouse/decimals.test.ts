import fc from 'fast-check'
import { sql } from 'kysely'
import { expect, suite, test } from 'vitest'
import { createManualClock } from '../../../src/core/clock.ts'
import { createDecimal, decimalText } from '../../../src/market/decimal.ts'
import { decCompare, decMax, decMin, decSum, openWarehouse } from '../../../src/warehouse/index.ts'
import { DIALECTS, useWarehouse } from './dialects.ts'
import { MINUTE, tradeRow } from './rows.ts'

const clock = createManualClock(MINUTE)

/** Decimals as far as the columns go: mantissas at one scale, so that bigints are the oracle. */
const SCALE = 18
const mantissas = fc.array(fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }), {
  minLength: 1,
  maxLength: 20,
})
const text = (mantissa: bigint) => decimalText(createDecimal(mantissa, SCALE))

suite.each(DIALECTS)('decimals in $name', (dialect) => {
  const url = useWarehouse(dialect)

  test('are added up and ordered exactly', async () => {
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    await fc.assert(
      fc.asyncProperty(mantissas, async (numbers) => {
        const found = await warehouse.write(async (tx) => {
          await tx.db.deleteFrom('silver_trades').execute()
          const rows = numbers.map((one, id) => tradeRow({ trade_id: id, price: text(one) }))
          await tx.upsert('silver_trades', rows)
          return tx.db
            .selectFrom('silver_trades')
            .select((eb) => [
              decSum(eb.ref('price')).as('sum'),
              decMax(eb.ref('price')).as('max'),
              decMin(eb.ref('price')).as('min'),
            ])
            .executeTakeFirstOrThrow()
        })
        expect({ ...found }).toEqual({
          sum: text(numbers.reduce((a, b) => a + b, 0n)),
          max: text(numbers.reduce((a, b) => (a > b ? a : b))),
          min: text(numbers.reduce((a, b) => (a < b ? a : b))),
        })
      }),
      { numRuns: 60 },
    )
  })

  test('are compared by value, and nothing with null', async () => {
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    const compare = (a: string | null, b: string | null) =>
      warehouse.read(async (db) => {
        const [left, right] = [sql<string | null>`${a}`, sql<string | null>`${b}`]
        const query = db.selectNoFrom(decCompare(left, right).as('order'))
        return (await query.executeTakeFirstOrThrow()).order
      })
    expect(await compare('9.5', '10')).toBe(-1)
    expect(await compare('10', '9.5')).toBe(1)
    expect(await compare('1.5', '1.5')).toBe(0)
    expect(await compare('-0.000000000000000001', '0')).toBe(-1)
    expect(await compare(null, '1')).toBeNull()
  })

  test('are nothing else: text that is none stops the query', async () => {
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    for (const wrong of ['', 'NaN', '1e400', '0x10', ' 1']) {
      const compare = warehouse.read((db) =>
        db.selectNoFrom(decCompare(sql`${wrong}`, sql`'1'`).as('order')).execute(),
      )
      await expect(compare, wrong).rejects.toThrow()
    }
  })

  test('of no rows are null', async () => {
    await using warehouse = await openWarehouse({ url: url(), mode: 'write', clock })
    const found = await warehouse.read((db) =>
      db
        .selectFrom('silver_trades')
        .select((eb) => [decSum(eb.ref('price')).as('sum'), decMax(eb.ref('price')).as('max')])
        .executeTakeFirstOrThrow(),
    )
    expect({ ...found }).toEqual({ sum: null, max: null })
  })
})
