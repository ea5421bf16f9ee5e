import type { Command } from 'commander'
import type { CommandModule } from '../command.ts'
import { action, csvFlag, examples, jsonFlag } from '../command.ts'

/** Flags of `assay books`. */
export interface BookFlags {
  readonly breaks?: boolean
  readonly from?: string
  readonly to?: string
  readonly limit?: string
  readonly venue?: string
}

/** `assay books`: an order book, second by second. */
export const booksCommand: CommandModule = {
  name: 'books',
  register(program: Command) {
    program
      .command('books')
      .description('an order book second by second: best prices, depth, spread, imbalance')
      .argument('[selector]', 'BTC-USD, or coinbase:BTC-USD where several venues have it')
      .option(
        '--breaks',
        'instead, where chains of updates broke; of all books, without a selector',
      )
      .option('--from <time>', 'first second: RFC 3339, a date, epoch, or -1h')
      .option('--to <time>', 'end, not included')
      .option('--limit <n>', 'at most so many: the first after --from, else the newest')
      .option('--venue <id>', 'venue of the instrument')
      .addOption(jsonFlag())
      .addOption(csvFlag())
      .addHelpText(
        'after',
        [
          '',
          'Books are kept where they are asked for: books: true in the configuration.',
          'A second without updates has no row: the one before it stands on.',
          examples(['books coinbase:BTC-USD', 'books kraken:BTC/USD --from -5m', 'books --breaks']),
        ].join('\n'),
      )
      .action(
        action<BookFlags>(async (call) => {
          const { showBooks } = await import('../work/books.ts')
          return showBooks(call)
        }),
      )
  },
}
