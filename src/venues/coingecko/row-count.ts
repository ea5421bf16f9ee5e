import type { FrameKind } from '../../market/event.ts'

/** Rows of an answer that were read, and that were refused. */
export interface RowCount {
  accepted: number
  rejected: number
}

/** Returns what an answer of rows was: refused only if all of it was. */
export function kindOf({ accepted, rejected }: RowCount): FrameKind {
  return rejected > 0 && accepted === 0 ? 'rejected' : 'event'
}
