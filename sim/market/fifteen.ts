/** One of the fifteen coins of the product, as the simulated venues list them. */
export interface Coin {
  readonly base: string
  /** Its id at CoinGecko. */
  readonly coinId: string
  /** Dollars apiece at the start of history. */
  readonly price: number
  /** Decimals of price and size at Binance.US, for its own unit (REKT by the thousand). */
  readonly binance: readonly [priceDecimals: number, sizeDecimals: number]
  /** Decimals of price and size at Kraken. */
  readonly kraken: readonly [priceDecimals: number, sizeDecimals: number]
  /** Near the real one of the largest venue; the others' are fractions of it. */
  readonly firstTradeId: number
  readonly share?: number
  /** Its own pace, for the quiet ones. */
  readonly tradesPerSecond?: number
}

/**
 * The fifteen coins, the busiest first. Price steps of Kraken are the venue's own (WIRE-FORMATS
 * 5), those of Binance.US near them; no size needs more than a double can count.
 */
export const FIFTEEN: readonly Coin[] = [
  {
    ...{ base: 'BTC', coinId: 'bitcoin', price: 84_140.8 },
    ...{ binance: [2, 5], kraken: [1, 8], firstTradeId: 1_046_223_230, share: 6 },
  },
  {
    ...{ base: 'ETH', coinId: 'ethereum', price: 1919.41 },
    ...{ binance: [2, 4], kraken: [2, 8], firstTradeId: 833_000_000, share: 4 },
  },
  {
    ...{ base: 'SOL', coinId: 'solana', price: 148.62 },
    ...{ binance: [2, 2], kraken: [2, 8], firstTradeId: 215_000_000, share: 2 },
  },
  {
    ...{ base: 'LINK', coinId: 'chainlink', price: 17.242 },
    ...{ binance: [3, 2], kraken: [5, 8], firstTradeId: 91_000_000, share: 1 },
  },
  {
    ...{ base: 'DOT', coinId: 'polkadot', price: 3.8114 },
    ...{ binance: [4, 2], kraken: [4, 8], firstTradeId: 48_000_000, share: 0.6 },
  },
  {
    ...{ base: 'APE', coinId: 'apecoin', price: 0.6213 },
    ...{ binance: [4, 2], kraken: [4, 8], firstTradeId: 31_000_000, share: 0.4 },
  },
  {
    ...{ base: 'PEPE', coinId: 'pepe', price: 0.000010321 },
    ...{ binance: [8, 0], kraken: [9, 4], firstTradeId: 37_000_000, share: 1 },
  },
  {
    ...{ base: 'TRUMP', coinId: 'official-trump', price: 7.914 },
    ...{ binance: [3, 3], kraken: [3, 5], firstTradeId: 22_000_000, share: 0.5 },
  },
  {
    ...{ base: 'JUP', coinId: 'jupiter-exchange-solana', price: 0.35127 },
    ...{ binance: [4, 1], kraken: [5, 5], firstTradeId: 12_000_000, tradesPerSecond: 0.2 },
  },
  {
    ...{ base: 'PUMP', coinId: 'pump-fun', price: 0.004218 },
    ...{ binance: [6, 0], kraken: [6, 5], firstTradeId: 9_000_000, share: 0.4 },
  },
  {
    ...{ base: 'PENGU', coinId: 'pudgy-penguins', price: 0.019337 },
    ...{ binance: [6, 0], kraken: [6, 5], firstTradeId: 8_000_000, share: 0.3 },
  },
  {
    ...{ base: 'REKT', coinId: 'rekt-4', price: 0.0002137 },
    ...{ binance: [8, 0], kraken: [10, 5], firstTradeId: 1_800_000, tradesPerSecond: 1 / 60 },
  },
  {
    ...{ base: 'FARTCOIN', coinId: 'fartcoin', price: 0.6108 },
    ...{ binance: [4, 1], kraken: [4, 5], firstTradeId: 14_000_000, share: 0.5 },
  },
  {
    ...{ base: 'WIF', coinId: 'dogwifcoin', price: 0.8124 },
    ...{ binance: [3, 2], kraken: [4, 5], firstTradeId: 26_000_000, share: 0.4 },
  },
  {
    ...{ base: 'KSM', coinId: 'kusama', price: 14.13 },
    ...{ binance: [2, 2], kraken: [2, 8], firstTradeId: 6_000_000, tradesPerSecond: 1 / 15 },
  },
]
