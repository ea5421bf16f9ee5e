/**
 * Payloads exactly as Coinbase sends them, as far as they are read as whole values. What comes
 * by the thousand (matches, trades, candles) is read field by field from its bytes instead; its
 * field names stand in `fields.ts`.
 */

/** A subscribe or unsubscribe request of the Exchange feed. */
export interface ExchangeRequest {
  readonly type: 'subscribe' | 'unsubscribe'
  readonly product_ids?: readonly string[]
  readonly channels: readonly (string | { name: string; product_ids: readonly string[] })[]
}

/** A subscribe or unsubscribe request of Advanced Trade: one channel each. */
export interface AdvancedRequest {
  readonly type: 'subscribe' | 'unsubscribe'
  readonly product_ids?: readonly string[]
  readonly channel: string
}

/** The Exchange feed's answer to a request: all that is subscribed now, not what changed. */
export interface SubscriptionsMessage {
  readonly type: 'subscriptions'
  readonly channels: readonly { readonly name: string; readonly product_ids: readonly string[] }[]
}

/** A complaint of either feed. A product it cannot serve gets one for each channel. */
export interface ErrorMessage {
  readonly type: 'error'
  readonly message: string
  readonly reason?: string
}

/** Advanced Trade's answer to a request: products by channel, all that is subscribed now. */
export interface AdvancedSubscriptions {
  readonly channel: 'subscriptions'
  readonly events: readonly { readonly subscriptions: Readonly<Record<string, unknown>> }[]
}

/** A row of `GET /products`. */
export interface ProductRow {
  readonly id: string
  readonly base_currency: string
  readonly quote_currency: string
  readonly base_increment?: string
  readonly quote_increment?: string
  readonly status?: string
  readonly trading_disabled?: boolean
}

/** A row of Advanced Trade's `GET /market/products`, inside `{"products":[…]}`. */
export interface AdvancedProductRow {
  readonly product_id: string
  readonly base_currency_id: string
  readonly quote_currency_id: string
  readonly base_increment?: string
  readonly price_increment?: string
  readonly product_type?: string
  readonly status?: string
  readonly trading_disabled?: boolean
}

/** Whether a value is an object that may have fields. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a value is a list of strings. */
export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** Whether a message is the Exchange feed's list of subscriptions. */
export function isSubscriptions(value: unknown): value is SubscriptionsMessage {
  if (!isRecord(value) || value.type !== 'subscriptions' || !Array.isArray(value.channels)) {
    return false
  }
  return value.channels.every(
    (channel) =>
      isRecord(channel) && typeof channel.name === 'string' && isTextList(channel.product_ids),
  )
}

/** Whether a message is Advanced Trade's list of subscriptions. */
export function isAdvancedSubscriptions(value: unknown): value is AdvancedSubscriptions {
  if (!isRecord(value) || value.channel !== 'subscriptions' || !Array.isArray(value.events)) {
    return false
  }
  return value.events.every((event) => isRecord(event) && isRecord(event.subscriptions))
}

/** Whether a row is a product of the Exchange's listing. */
export function isProductRow(value: unknown): value is ProductRow {
  return (
    isRecord(value) &&
    typeof value.id === 'string' &&
    typeof value.base_currency === 'string' &&
    typeof value.quote_currency === 'string'
  )
}

/** Whether a row is a product of Advanced Trade's listing. */
export function isAdvancedProductRow(value: unknown): value is AdvancedProductRow {
  return (
    isRecord(value) &&
    typeof value.product_id === 'string' &&
    typeof value.base_currency_id === 'string' &&
    typeof value.quote_currency_id === 'string'
  )
}
