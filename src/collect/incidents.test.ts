import { expect, test } from 'vitest'
import { createManualClock } from '../core/clock.ts'
import type { SelfEvent } from '../market/self-record.ts'
import { createIncidentLog } from './incidents.ts'

function open() {
  const clock = createManualClock(1_000_000)
  const written: SelfEvent[] = []
  const diary = { write: (event: SelfEvent) => written.push(event), keepTicking: async () => {} }
  const incidents = createIncidentLog({ venue: 'test', diary, clock })
  return { clock, written, incidents }
}

test('an incident is told when it begins and when it is over, with one beginning', () => {
  const { clock, written, incidents } = open()
  incidents.open({ cause: 'stale', channel: 'trades', symbol: 'A', fromUs: 7, detail: 'muted' })
  incidents.open({ cause: 'stale', channel: 'trades', symbol: 'A', detail: 'still' })
  expect(incidents.current).toHaveLength(1)
  clock.advance(1000)
  incidents.close({ cause: 'stale', channel: 'trades', symbol: 'A' })
  incidents.close({ cause: 'stale', channel: 'trades', symbol: 'A' })
  const about = { event: 'incident', venue: 'test', cause: 'stale', channel: 'trades', symbol: 'A' }
  expect(written).toEqual([
    { ...about, fromUs: 7, toUs: null, detail: 'muted' },
    { ...about, fromUs: 7, toUs: 2_000_000, detail: 'muted' },
  ])
  expect(incidents.current).toEqual([])
})

test('incidents of other symbols, and of the whole connection, are others', () => {
  const { written, incidents } = open()
  incidents.open({ cause: 'refused', channel: 'trades', symbol: 'A', detail: '' })
  incidents.open({ cause: 'refused', channel: 'trades', symbol: 'B', detail: '' })
  incidents.open({ cause: 'disconnected', detail: 'x'.repeat(1000) })
  incidents.close({ cause: 'refused', channel: 'trades', symbol: 'A' })
  expect(incidents.current.map(({ symbol }) => symbol)).toEqual(['B', null])
  incidents.closeAll()
  expect(incidents.current).toEqual([])
  expect(written).toHaveLength(6)
  expect(incidents.current.every(({ detail }) => detail.length <= 300)).toBe(true)
})

test('what is over is told once; nothing ends before its beginning', () => {
  const { written, incidents } = open()
  incidents.past({ cause: 'collector_down', fromUs: 3, toUs: 9, detail: 'away' })
  incidents.open({ cause: 'silent', fromUs: 5_000_000, detail: '' })
  incidents.closeAll()
  expect(written[0]).toMatchObject({ cause: 'collector_down', fromUs: 3, toUs: 9, channel: null })
  expect(written.at(-1)).toMatchObject({ fromUs: 5_000_000, toUs: 5_000_000 })
})
