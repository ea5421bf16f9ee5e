import type { MarketSnapshot } from '../../market/snapshot.ts'

/** Where the fields of a row of markets that are no figures stand in {@link ROW_FIELDS}. */
export const ID = 0
/** See {@link ID}. */
export const TICKER = 1
/** See {@link ID}. */
export const NAME = 2
/** See {@link ID}. */
export const LAST_UPDATED = 3
/** See {@link ID}. */
export const RANK = 4
/** Where the figures begin in {@link ROW_FIELDS}. */
export const FIRST_FIGURE = 5

/** Fields that are figures: first those that are never below zero, then the changes. */
export const FIGURES = [
  'current_price',
  'market_cap',
  'fully_diluted_valuation',
  'total_volume',
  'high_24h',
  'low_24h',
  'circulating_supply',
  'total_supply',
  'max_supply',
  'price_change_24h',
  'price_change_percentage_24h',
  'price_change_percentage_1h_in_currency',
  'price_change_percentage_7d_in_currency',
] as const

/** The first of {@link FIGURES} that may be below zero. */
export const FIRST_CHANGE = 9

/** The fields of a row that are read. */
export const ROW_FIELDS: readonly string[] = [
  'id',
  'symbol',
  'name',
  'last_updated',
  'market_cap_rank',
  ...FIGURES,
]

/** The row at hand, filled again for each; its figures are in the order of {@link FIGURES}. */
export const row = {
  symbol: '',
  ticker: null as string | null,
  name: null as string | null,
  lastUpdatedUs: null as number | null,
  marketCapRank: null as number | null,
  figures: FIGURES.map((): string | null => null),
}

/** Returns the row at hand as a snapshot, the one at `item` in the answer. */
export function snapshotOf(item: number): MarketSnapshot {
  const { symbol, ticker, name, lastUpdatedUs, marketCapRank, figures } = row
  return {
    item,
    symbol,
    ticker,
    name,
    quote: 'USD',
    source: 'poll',
    timeUs: null,
    lastUpdatedUs,
    price: figures[0] as string | null,
    marketCap: figures[1] as string | null,
    fullyDilutedValuation: figures[2] as string | null,
    volume24h: figures[3] as string | null,
    high24h: figures[4] as string | null,
    low24h: figures[5] as string | null,
    circulatingSupply: figures[6] as string | null,
    totalSupply: figures[7] as string | null,
    maxSupply: figures[8] as string | null,
    priceChange24h: figures[9] as string | null,
    change24hPct: figures[10] as string | null,
    change1hPct: figures[11] as string | null,
    change7dPct: figures[12] as string | null,
    marketCapRank,
  }
}
