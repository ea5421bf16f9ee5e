/** The venues a simulator can play, all on one port. */
export const VENUE_IDS = ['coinbase', 'binance-us', 'kraken', 'coingecko'] as const

/** One of {@link VENUE_IDS}. */
export type VenueId = (typeof VENUE_IDS)[number]
