import { resolve } from 'node:path'
import { exportHiveCandles, openWarehouse } from '../../warehouse/index.ts'
import type { Call } from '../command.ts'
import type { ExportFlags } from '../commands/export.ts'
import { showCount } from '../format.ts'
import { printFacts, printJson } from '../output.ts'
import { createProgress } from '../progress.ts'
import { heldInstruments, selectInstrument } from '../selector.ts'
import { parseSpan } from '../time-argument.ts'

/** Writes the candles of the wanted instruments below `--out`. */
export async function exportCandles({ context, args, flags }: Call<ExportFlags>): Promise<void> {
  const { clock, storeUrl: url, signal } = context
  const selectors = args.slice(1)
  const span = parseSpan({ from: '-1d', to: 'now', ...flags }, clock.nowUs())
  const folder = resolve(flags.out)
  await using warehouse = await openWarehouse({ url, mode: 'read', clock })
  const instruments =
    selectors.length === 0
      ? await heldInstruments(warehouse, flags.venue)
      : await Promise.all(selectors.map((one) => selectInstrument(warehouse, one, flags.venue)))
  const progress = createProgress({ label: 'exporting', unit: 'days', clock })
  const written = await exportHiveCandles(warehouse, {
    instruments,
    ...span,
    folder,
    signal,
    onProgress(done, total) {
      progress.expect(total)
      progress.update(done)
    },
  })
  progress.done()
  if (context.json) {
    printJson({ out: folder, instruments: instruments.length, ...written })
    return
  }
  printFacts([
    ['written to', folder],
    ['instruments', showCount(instruments.length)],
    ['files', showCount(written.files)],
    ['candles', showCount(written.rows)],
  ])
}
