import type { SystemState } from './frames.ts'

/** The state of the venue's engine, which sockets and REST both tell. */
export interface System {
  readonly state: SystemState
  /** Starts maintenance, or makes it longer. */
  maintain(untilUs: number): void
  /** Ends maintenance whose time is up; says whether it just did. */
  recovers(nowUs: number): boolean
}

/** Returns a venue that is online. */
export function createSystem(): System {
  let maintainedUntilUs: number | null = null
  return {
    get state() {
      return maintainedUntilUs === null ? 'online' : 'maintenance'
    },
    maintain(untilUs) {
      maintainedUntilUs = Math.max(untilUs, maintainedUntilUs ?? 0)
    },
    recovers(nowUs) {
      if (maintainedUntilUs === null || nowUs < maintainedUntilUs) return false
      maintainedUntilUs = null
      return true
    },
  }
}
