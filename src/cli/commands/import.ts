import type { Command } from 'commander'
import { Option } from 'commander'
import type { ImportOptions } from '../../collect/import.ts'
import { AssayError } from '../../core/errors.ts'
import type { Call, CommandModule } from '../command.ts'
import { action, examples, jsonFlag } from '../command.ts'

/** The log that imports are written to. */
const IMPORT_LOG = 'import'

interface ImportFlags {
  readonly venue: string
  readonly symbol?: string
  readonly columns?: string
  readonly preset?: string
  readonly kind?: 'trades' | 'klines'
  readonly format?: 'csv' | 'jsonl'
  readonly header?: string | boolean
  readonly date?: string
  readonly interval?: string
}

/** `assay import`: brings a file of trades or candles in, by the same path as live data. */
export const importCommand: CommandModule = {
  name: 'import',
  register(program: Command) {
    program
      .command('import')
      .description('bring in a file of trades or candles: CSV or JSON Lines, packed or not')
      .argument('<file>', 'the file; .gz and .zst are unpacked on the way')
      .requiredOption('--venue <id>', 'venue whose facts these are, known to assay or not')
      .option('--symbol <symbol>', "the venue's symbol, unless a column tells it")
      .option('--columns <map>', 'wanted=column[:unit], separated by commas')
      .option('--preset <name>', 'a known shape: binance-klines, tardis-trades, …')
      .addOption(new Option('--kind <kind>', 'what a line is').choices(['trades', 'klines']))
      .addOption(new Option('--format <format>', 'default: sniffed').choices(['csv', 'jsonl']))
      .option('--header <names>', 'names of the columns of a CSV that has no header line')
      .option('--date <day>', 'day that times of day count from, 2016-10-07')
      .option('--interval <width>', 'width of the candles of a klines file (default: 1m)')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'Fields of trades: trade_id, time, price, size, side; without ids, lines number them.',
          'Fields of klines: open_time, open, high, low, close, volume, notional, trade_count,',
          'taker_buy_volume. Units: s, ms, us, ns, iso; maker for a side that is the maker’s.',
          examples([
            'import trades.csv.gz --venue binance-futures --symbol BTC-USDT \\',
            '    --columns trade_id=id,time=timestamp:us,price=price,size=amount,side=side',
            'import 1m.csv --venue binance-futures --symbol BTC-USDT --preset binance-klines',
          ]),
        ].join('\n'),
      )
      .action(action<ImportFlags>(runImport))
  },
}

async function runImport({ context, args, flags }: Call<ImportFlags>): Promise<void> {
  const { importFile } = await import('../../collect/import.ts')
  const { fileIntoLog } = await import('../file-into-log.ts')
  const { settleImport } = await import('../import-report.ts')
  const { VERSION } = await import('../version.ts')
  const { clock, signal } = context
  const { venue, symbol = null } = flags
  const shape = await shapeOf(flags)
  const read = await fileIntoLog(context, { command: 'import', log: IMPORT_LOG }, (reading) =>
    importFile({
      path: args[0] ?? '',
      venue,
      symbol,
      ...shape,
      ...reading,
      clock,
      signal,
      version: VERSION,
    }),
  )
  await using refiner = read.refiner
  const { result } = read
  await settleImport(context, { result, refiner, log: IMPORT_LOG, kind: shape.kind, venue, symbol })
}

type Shape = Pick<
  ImportOptions,
  'kind' | 'columns' | 'format' | 'header' | 'columnNames' | 'date' | 'interval'
>

async function shapeOf(flags: ImportFlags): Promise<Shape> {
  const { IMPORT_PRESETS } = await import('../../collect/import-presets.ts')
  const preset = flags.preset === undefined ? undefined : IMPORT_PRESETS[flags.preset]
  if (flags.preset !== undefined && preset === undefined) {
    const names = Object.keys(IMPORT_PRESETS).join(', ')
    throw new AssayError('ASSAY_USAGE', `--preset ${flags.preset} is unknown; there are ${names}`)
  }
  const columns = { ...preset?.columns, ...columnMap(flags.columns) }
  if (Object.keys(columns).length === 0) {
    throw new AssayError('ASSAY_USAGE', 'say which column is which: --columns or --preset')
  }
  const kind = flags.kind ?? preset?.kind ?? ('open_time' in columns ? 'klines' : 'trades')
  return {
    kind,
    columns,
    ...(flags.format !== undefined && { format: flags.format }),
    ...(typeof flags.header === 'string' && {
      header: false,
      columnNames: flags.header.split(','),
    }),
    ...(flags.date !== undefined && { date: flags.date }),
    ...(flags.interval !== undefined && { interval: flags.interval }),
  }
}

/** Reads `wanted=column[:unit],…`. */
function columnMap(text: string | undefined): Record<string, string> {
  const map: Record<string, string> = {}
  for (const part of (text ?? '').split(',').filter((one) => one.trim() !== '')) {
    const at = part.indexOf('=')
    if (at <= 0 || at === part.length - 1) {
      throw new AssayError('ASSAY_USAGE', `--columns: write wanted=column, not ${part}`)
    }
    map[part.slice(0, at).trim()] = part.slice(at + 1).trim()
  }
  return map
}
