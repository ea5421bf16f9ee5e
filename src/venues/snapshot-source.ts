import type { PageSummary, RestRequest } from './venue.ts'

/** Which coins are wanted: by id, or the first `top` by market capitalisation. */
export type CoinSelection =
  | { readonly kind: 'ids'; readonly ids: readonly string[] }
  | { readonly kind: 'top'; readonly count: number }

/** How an aggregator's snapshots are asked for: data and pure functions. */
export interface SnapshotSource {
  /** Requests a minute without a key of one's own. */
  readonly ratePerMinute: number
  /** Header that carries a key, by the host it is for. */
  keyHeader(restUrl: string): string
  /** The next page of a poll, or `null` when the last page was the last. */
  page(coins: CoinSelection, previous: PageSummary | null): RestRequest | null
  /** A coin's history of `days` days, as samples (`chart`) or as candles (`ohlc`). */
  history(coin: string, days: number): readonly RestRequest[]
}
