import type { Clock } from '../core/clock.ts'
import type { IncidentCause } from '../market/self-record.ts'
import type { Diary } from './diary.ts'

/** Something that is wrong now. */
export interface Incident {
  readonly cause: IncidentCause
  /** `null` where it concerns the connection or the host. */
  readonly channel: string | null
  readonly symbol: string | null
  readonly fromUs: number
  readonly detail: string
}

/** What is wrong, and since when. */
export interface NewIncident {
  readonly cause: IncidentCause
  readonly channel?: string
  readonly symbol?: string
  /** @default now */
  readonly fromUs?: number
  readonly detail: string
}

/** Tells the diary of incidents, when they begin and when they are over. */
export interface IncidentLog {
  /** Begins an incident; one of this cause, channel and symbol that lasts already stands. */
  open(incident: NewIncident): void
  /** Ends the incident of this cause, channel and symbol, if there is one. */
  close(what: Pick<NewIncident, 'cause' | 'channel' | 'symbol'>): void
  /** Ends all: nobody watches from here on. */
  closeAll(): void
  /** Tells of one that is over already. */
  past(incident: NewIncident & { readonly fromUs: number; readonly toUs: number }): void
  /** Those that last, oldest first. */
  readonly current: readonly Incident[]
}

const OPEN_MAX = 1000
const DETAIL_LENGTH_MAX = 300

/** Opens the incident log of one venue; at most 1,000 last at a time, others are not told of. */
export function createIncidentLog(options: {
  readonly venue: string
  readonly diary: Diary
  readonly clock: Clock
}): IncidentLog {
  const { venue, diary, clock } = options
  const open = new Map<string, Incident>()

  function write(incident: Incident, toUs: number | null): void {
    const { cause, channel, symbol, fromUs, detail } = incident
    diary.write({ event: 'incident', venue, cause, channel, symbol, fromUs, toUs, detail })
  }

  function end(key: string): void {
    const incident = open.get(key)
    if (incident === undefined) return
    open.delete(key)
    // A clock that was set back must not make an incident end before it began.
    write(incident, Math.max(incident.fromUs, clock.nowUs()))
  }

  return {
    open(incident) {
      const key = keyOf(incident)
      if (open.has(key) || open.size >= OPEN_MAX) return
      const begun = begin(incident, clock.nowUs())
      open.set(key, begun)
      write(begun, null)
    },
    close: (what) => end(keyOf(what)),
    closeAll() {
      for (const key of [...open.keys()]) end(key)
    },
    past: (incident) => write(begin(incident, incident.fromUs), incident.toUs),
    get current() {
      return [...open.values()]
    },
  }
}

function begin(incident: NewIncident, nowUs: number): Incident {
  const { cause, channel = null, symbol = null, fromUs = nowUs } = incident
  return { cause, channel, symbol, fromUs, detail: incident.detail.slice(0, DETAIL_LENGTH_MAX) }
}

function keyOf({ cause, channel, symbol }: Pick<NewIncident, 'cause' | 'channel' | 'symbol'>) {
  return JSON.stringify([cause, channel ?? null, symbol ?? null])
}
