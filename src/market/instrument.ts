/**
 * What a venue says of one thing it trades.
 *
 * `base` and `quote` are the venue's own fields, never cut out of the symbol. What is truly
 * quoted stays on the row; normalising to USD is a view (D5).
 */
export interface Listing {
  /** The venue's own symbol. */
  readonly symbol: string
  readonly kind: 'spot' | 'perpetual' | 'future' | 'coin'
  readonly base: string
  readonly quote: string
  /** Units of the base asset one quoted unit stands for; `1` nearly everywhere. */
  readonly multiplier: number
  /** Smallest price and size steps, canonical decimal text; `null` where unknown. */
  readonly priceStep: string | null
  readonly sizeStep: string | null
  /** Whether it can be traded now, by the venue's word. */
  readonly active: boolean
}

/** One instrument as stored: a listing at a venue, with its validity in time. */
export interface Instrument {
  readonly instrumentId: number
  readonly venue: string
  readonly symbol: string
  /** Epoch microseconds; 0 unless a listing says otherwise. */
  readonly listedFromUs: number
  readonly delistedUs: number | null
  readonly kind: Listing['kind']
  readonly base: string | null
  readonly quote: string | null
  readonly multiplier: number
  readonly priceStep: string | null
  readonly sizeStep: string | null
}
