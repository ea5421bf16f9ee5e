import type { AssayError } from '../../core/errors.ts'

/** An event on its way out. */
export interface OutgoingEvent {
  readonly seq: number
  /** Namespace and name of the job: events of one job stay in order. */
  readonly job: string
  /** JSON, as OpenLineage has it. */
  readonly event: string
}

/** What became of events that were handed to a sink. */
export interface Handed {
  /** So many, from the first, need not be handed over again; those refused are among them. */
  readonly done: number
  /** Events that the receiver will never take, with its word on why. */
  readonly refused: readonly { readonly seq: number; readonly why: string }[]
  /** What stopped it before the last, where something did. */
  readonly failure: AssayError | null
}

/** Somebody who is told of lineage. */
export interface LineageSink extends AsyncDisposable {
  readonly kind: 'file' | 'http' | 'kafka'
  /**
   * Hands events over, in order. What the world does to it is told, not thrown; it ends within
   * some tens of seconds whatever the other side does.
   */
  send(events: readonly OutgoingEvent[], signal: AbortSignal): Promise<Handed>
}
