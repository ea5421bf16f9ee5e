import type { Command } from 'commander'
import { Option } from 'commander'
import type { ImportOptions } from '../../collect/import.ts'
import type { AnswerImport } from '../../collect/import-answer.ts'
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
  readonly entry?: string
  readonly checksum?: string
  readonly answerTo?: string
}

/** `assay import`: brings a file of trades or candles in, by the same path as live data. */
export const importCommand: CommandModule = {
  name: 'import',
  register(program: Command) {
    program
      .command('import')
      .description('bring in a file of trades or candles: CSV or JSON Lines, packed or not')
      .argument('<file>', 'the file; .gz, .zst and .zip are unpacked on the way')
      .requiredOption('--venue <id>', 'venue whose facts these are, known to assay or not')
      .option('--symbol <symbol>', "the venue's symbol, unless a column tells it")
      .option('--columns <map>', 'wanted=column[:unit], separated by commas')
      .option(
        '--preset <name>',
        'a known shape: binance-klines, binance-trades, binance-aggtrades, kraken-ohlcvt, …',
      )
      .addOption(new Option('--kind <kind>', 'what a line is').choices(['trades', 'klines']))
      .addOption(new Option('--format <format>', 'default: sniffed').choices(['csv', 'jsonl']))
      .option('--header <names>', 'names of the columns of a CSV that has no header line')
      .option('--date <day>', 'day that times of day count from, 2016-10-07')
      .option('--interval <width>', 'width of the candles of a klines file (default: 1m)')
      .option('--answer-to <url>', 'the file is one REST answer of the venue, to this request')
      .option('--entry <name>', 'which file of a zip archive')
      .option('--checksum <sha256>', 'what the file must hash to, or a file that says it')
      .addOption(jsonFlag())
      .addHelpText(
        'after',
        [
          '',
          'Fields of trades: trade_id, time, price, size, side; without ids, lines number them.',
          'Fields of klines: open_time, open, high, low, close, volume, notional, trade_count,',
          'taker_buy_volume. Units: s, ms, us, ns, iso; maker for a side that is the maker’s.',
          'A file is held to the checksum that lies beside it, FILE.CHECKSUM or FILE.sha256.',
          examples([
            'import trades.csv.gz --venue binance-futures --symbol BTC-USDT \\',
            '    --columns trade_id=id,time=timestamp:us,price=price,size=amount,side=side',
            'import BTCUSDT-aggTrades-2026-01.zip --venue binance --symbol BTCUSDT \\',
            '    --preset binance-aggtrades',
            'import Kraken_OHLCVT.zip --entry XBTUSD_1.csv --venue kraken --symbol BTC/USD \\',
            '    --preset kraken-ohlcvt',
            'import page.json --venue kraken --symbol BTC/USDT \\',
            "    --answer-to '/0/public/Trades?pair=XBTUSDT'",
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
  const { venue, symbol = null, entry, checksum, answerTo } = flags
  const given = {
    path: args[0] ?? '',
    symbol,
    ...(entry !== undefined && { entry }),
    ...(checksum !== undefined && { checksum }),
    ...{ clock, signal, version: VERSION },
  }
  const answer = answerTo === undefined ? null : await answerOf(venue, answerTo)
  const shape = answer === null ? await shapeOf(flags) : null
  const read = await fileIntoLog(
    context,
    { command: 'import', log: IMPORT_LOG },
    async (reading) => {
      if (answer !== null) return await answer({ ...given, ...reading })
      const { kind, ...layout } = shape as Shape
      const result = await importFile({ ...given, ...reading, venue, kind, ...layout })
      return { ...result, kind }
    },
  )
  await using refiner = read.refiner
  const { result } = read
  await settleImport(context, {
    ...{ result, refiner, venue, symbol },
    ...{ log: IMPORT_LOG, kind: result.kind },
  })
}

/** Returns what imports an answer to this request of a venue that is known. */
async function answerOf(venueId: string, url: string) {
  const { importAnswer } = await import('../../collect/import-answer.ts')
  const { venueOfId } = await import('../venue-of.ts')
  const venue = venueOfId(venueId)
  return (given: Omit<AnswerImport, 'venue' | 'url'>) => importAnswer({ ...given, venue, url })
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
