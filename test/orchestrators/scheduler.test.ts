import { expect, test } from 'vitest'
import { assay, DAILY, DAY, HOUR, makeByHand, makeOne, seededFolders } from './warehouse.ts'

const HOUR_MS = 3_600_000

test('our own scheduler makes the hour and the day that our own command makes', async () => {
  using folders = await seededFolders()
  const byHand = await makeByHand(folders.copy())
  const data = folders.copy()
  const spans = { 'gold.candles_1h': [`${HOUR}:00:00Z`, 1], [DAILY]: [DAY, 24] } as const
  for (const [asset, [from, hours]] of Object.entries(spans)) {
    const to = new Date(Date.parse(from) + hours * HOUR_MS).toISOString()
    await assay(data, 'backfill-assets', asset, '--from', from, '--to', to, '--detach')
  }
  await assay(data, 'flow', '--once')
  for (const asset of Object.keys(spans)) {
    // Asked for once more, it is as the scheduler left it.
    const { state, version } = await makeOne(data, asset)
    expect({ asset, state, version }).toEqual({
      ...{ asset, state: 'skipped' },
      version: byHand[asset]!.version,
    })
  }
})
