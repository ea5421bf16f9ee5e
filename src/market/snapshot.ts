/**
 * What an aggregator said of one coin at one poll; keys are the coin and the poll.
 *
 * Every figure is canonical decimal text in the quote currency, or `null` where the aggregator
 * gave none. Changes whose name ends in `Pct` are in percent.
 */
export interface MarketSnapshot {
  readonly item: number
  /** The aggregator's id of the coin, `bitcoin`. */
  readonly symbol: string
  /** Short ticker and name as it writes them, `btc`, `Bitcoin`; `null` where it does not say. */
  readonly ticker: string | null
  readonly name: string | null
  readonly quote: string
  /** `poll`: the state at a poll. `chart`: a sample of its history, at its own time. */
  readonly source: 'poll' | 'chart'
  /** Time of the sample for `chart`; `null` of a poll, whose time the request tells. */
  readonly timeUs: number | null
  /** When the aggregator last computed the row; equal to the last one's where nothing moved. */
  readonly lastUpdatedUs: number | null
  readonly price: string | null
  readonly marketCap: string | null
  readonly fullyDilutedValuation: string | null
  /** Trailing 24 h, in the quote currency. */
  readonly volume24h: string | null
  readonly high24h: string | null
  readonly low24h: string | null
  /** Absolute, in the quote currency: CoinGecko's `price_change_24h`. */
  readonly priceChange24h: string | null
  readonly change1hPct: string | null
  readonly change24hPct: string | null
  readonly change7dPct: string | null
  readonly circulatingSupply: string | null
  readonly totalSupply: string | null
  /** `null` also where the supply is unlimited. */
  readonly maxSupply: string | null
  readonly marketCapRank: number | null
}
