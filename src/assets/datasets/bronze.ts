import { type Dataset, describeAll, US, type Written } from './dataset.ts'

const RECORD = {
  pos: ['integer', '', 'ordinal in its log, from 0; it never changes'],
  dialect: ['text', '', 'venue/format, which chooses the decoder: coinbase/exchange'],
  channel: ['text', '', "the venue's stream or endpoint; self for the collector's diary"],
  symbol: ['text?', '', "the venue's own symbol; null for what is of no one instrument"],
  origin: ['text', '', 'ws, rest, import or self'],
  receivedTimeUs: ['integer', US, 'when the last byte reached us'],
  conn: ['text', '', 'connection or command run, unique in the world'],
  frame: ['integer', '', 'ordinal within the connection'],
  request: ['json?', '', 'what was asked: URL without secrets, status, or file, lines and columns'],
  data: ['json', '', "the payload, the venue's own text; text or bytes where it is no JSON"],
} as const satisfies Record<string, Written>

/** Datasets of what was received, and what their records are about. */
export const BRONZE: readonly Dataset[] = describeAll([
  {
    name: 'bronze.log',
    table: null,
    about:
      'The raw log: every message that reached us, as it came. One folder for each writing ' +
      'process, data/log/NAME; the part not yet sealed is JSON lines in its journal.',
    owner: 'collect',
    key: ['log', 'pos'],
    columns: RECORD,
    timeColumn: 'receivedTimeUs',
    freshness: 'durable 50 ms after receipt (journal.commitWindowMs)',
    madeFrom: [],
  },
  {
    name: 'bronze.archive',
    table: null,
    retainedBy: 'rawArchive',
    about:
      'Hours of the raw log that are over, verified and compressed: JSON lines in zstd frames, ' +
      'in folders by dataset, exchange, symbol and hour. It stands for what it replaced.',
    owner: 'bronze',
    key: ['log', 'pos'],
    columns: RECORD,
    timeColumn: 'receivedTimeUs',
    freshness: 'once an hour is over and refined',
    madeFrom: ['bronze.log'],
  },
  {
    name: 'market.instruments',
    table: 'instruments',
    about: "Everything that is traded or quoted somewhere, with its venue's newest word on it.",
    owner: 'silver',
    key: ['instrument_id'],
    columns: {
      instrument_id: ['integer', '', 'our number for it'],
      venue: ['text', '', 'the venue'],
      symbol: ['text', '', "the venue's own symbol"],
      listed_from_us: ['integer', US, 'since when the listing holds; 0 where nothing says'],
      delisted_us: ['integer?', US, 'when the listing ended'],
      kind: ['text', '', 'spot, perpetual, future or coin'],
      base: ['text?', '', 'what is bought and sold; null until a listing tells'],
      quote: ['text?', '', 'what it is paid in'],
      multiplier: ['integer', '', 'units of base that one quoted unit stands for'],
      price_step: ['decimal?', 'quote', 'smallest step of a price'],
      size_step: ['decimal?', 'base', 'smallest step of a size'],
      listing_us: ['integer', US, 'receipt of the listing these words came from; 0 before any'],
    },
    timeColumn: 'listing_us',
    freshness: 'refreshed daily',
    madeFrom: ['bronze.log'],
  },
])
