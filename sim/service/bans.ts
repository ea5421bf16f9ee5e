/** Clients that asked too much and may not ask for a while. */
export interface Bans {
  /** Bans an address for `seconds` from now. */
  start(address: string, seconds: number, nowUs: number): void
  /**
   * End of the ban that a request of `address` falls into, or `null` where there is none.
   * The request counts, and makes the ban longer: each one doubles what is added.
   */
  strike(address: string, nowUs: number): number | null
}

// A ban grows from two minutes to three days on the real venue; ours keeps the same span.
const GROWTH_MAX = 2160

/** Returns an empty list; `counters` gets each request made during a ban. */
export function createBans(counters: { requestsWhileBanned: number }): Bans {
  const bans = new Map<string, { untilUs: number; readonly seconds: number; growth: number }>()
  return {
    start(address, seconds, nowUs) {
      bans.set(address, { untilUs: nowUs + seconds * 1e6, seconds, growth: 1 })
    },
    strike(address, nowUs) {
      const ban = bans.get(address)
      if (ban === undefined) return null
      if (nowUs >= ban.untilUs) {
        bans.delete(address)
        return null
      }
      counters.requestsWhileBanned += 1
      ban.growth = Math.min(GROWTH_MAX, ban.growth * 2)
      ban.untilUs = nowUs + ban.seconds * ban.growth * 1e6
      return ban.untilUs
    },
  }
}
