import { describe, expect, test } from 'vitest'
import { startSimulator } from '../../sim/index.ts'
import { systemClock } from '../../src/core/clock.ts'
import { formatTimeUs } from '../../src/market/bucket.ts'
import { assayJson, type Scene, startScene } from '../integration/bad-support.ts'
import { type Answer, type BadVenue, PRODUCT, startBadVenue } from '../integration/bad-venue.ts'
import { until } from '../integration/collect-support.ts'

const RATE_LIMITED: Answer = {
  status: 429,
  headers: { 'retry-after': '1' },
  body: '{"message":"Public rate limit exceeded"}',
}
const ELSEWHERE: Answer = { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }
const HTML: Answer = {
  headers: { 'content-type': 'text/html' },
  body: '<html><body>Just a moment…</body></html>',
}

/** Makes a venue whose socket hides trades, and lets REST give these answers before the truth. */
async function openScene(venue: BadVenue, answers: readonly Answer[]): Promise<Scene> {
  const scene = await startScene(venue, { 'venues.coinbase.products': [PRODUCT] })
  await until(() => scene.connects() === 1, { what: 'connected', withinMs: 25_000 })
  const edge = async () => {
    if (venue.made.length < 3) venue.trade()
    return scene.accepted() >= 3 && (await scene.holes()) === 0
  }
  await until(edge, { what: 'the beginning is whole', withinMs: 25_000 })
  const left = [...answers]
  venue.answer = (path) => (path.endsWith('/trades') ? (left.shift() ?? null) : null)
  for (let missed = 0; missed < 5; missed += 1) venue.hide()
  venue.trade()
  return scene
}

const healed = (scene: Scene, made: number) => async () =>
  scene.accepted() >= made && (await scene.holes()) === 0

describe.concurrent('a hole is healed', () => {
  test('after every wrong answer, each kept raw and none taken for trades', async () => {
    const cut = '[{"trade_id":1004,"price":"1","size":"1","side":"buy","time":"2026-'
    const answers = [{ status: 500, body: 'oops' }, HTML, { body: cut }, { body: '' }, ELSEWHERE]
    await using venue = await startBadVenue()
    await using scene = await openScene(venue, [...answers, RATE_LIMITED])
    await until(healed(scene, venue.made.length), { what: 'healed', withinMs: 25_000 })
    const { refined } = await scene.stop()
    expect(refined).toMatchObject({ accepted: venue.made.length, conflicts: 0 })
    const refused = await assayJson('quarantine', ...scene.at)
    const reasons = refused.map(({ reason }: { reason: string }) => reason)
    // A refusal in the venue's own words is control; what a proxy says instead is set aside.
    expect(reasons).toEqual(Array(5).fill('not_json'))
    const held = await assayJson('trades', PRODUCT, ...scene.at)
    expect(held.map((trade: { price: string }) => trade.price)).toEqual(
      venue.made.map(({ price }) => price),
    )
  })

  test('from a page of which single trades are beyond belief', async () => {
    await using venue = await startBadVenue()
    await using scene = await openScene(venue, [])
    const spoil = venue.made.slice(3, 6)
    const page = venue.made.map((trade) => {
      const at = spoil.indexOf(trade)
      return at < 0 ? trade : { ...trade, ...[{ price: '-1' }, { size: '1e400' }, { side: 7 }][at] }
    })
    let isAsked = false
    venue.answer = (path) => {
      if (isAsked || !path.endsWith('/trades')) return null
      isAsked = true
      return { body: JSON.stringify(page.toReversed()) }
    }
    await until(healed(scene, venue.made.length), { what: 'healed', withinMs: 20_000 })
    const { refined } = await scene.stop()
    expect(refined).toMatchObject({ accepted: venue.made.length, conflicts: 0, rejected: 3 })
    const refused = await assayJson('quarantine', ...scene.at)
    expect(new Set(refused.map(({ item }: { item: number }) => item)).size).toBe(3)
  })
})

test.concurrent('pages that never get anywhere are not followed for ever', async () => {
  await using venue = await startBadVenue()
  await using scene = await openScene(venue, [])
  const [oldest] = venue.made.slice(-1)
  venue.answer = (path) =>
    path.endsWith('/trades') ? { body: JSON.stringify([oldest]), headers: {} } : null
  const before = venue.asked.length
  await until(() => venue.asked.length > before, { what: 'asked', withinMs: 25_000 })
  await until(() => scene.caughtUp(), { what: 'refined' })
  const first = venue.asked.length
  expect(first - before).toBeLessThan(20)
  venue.answer = () => null
  await until(healed(scene, venue.made.length), { what: 'healed', withinMs: 20_000 })
})

test.concurrent('a heartbeat of an absurd id costs a few requests, not a flood', async () => {
  await using venue = await startBadVenue()
  await using scene = await openScene(venue, [])
  await until(healed(scene, venue.made.length), { what: 'healed', withinMs: 25_000 })
  const before = venue.asked.length
  const time = formatTimeUs(systemClock.nowUs())
  const about = { sequence: 1, product_id: PRODUCT, time }
  const last_trade_id = Number.MAX_SAFE_INTEGER - 1
  venue.say(JSON.stringify({ type: 'heartbeat', last_trade_id, ...about }))
  await until(() => venue.asked.length > before, { what: 'it is looked for', withinMs: 25_000 })
  await systemClock.sleep(4000)
  expect(venue.asked.length - before).toBeLessThan(10)
  // What truly went missing since is not kept waiting by it.
  venue.hide()
  venue.trade()
  const isHeld = () => scene.accepted() >= venue.made.length
  await until(isHeld, { what: 'the next hole is healed', withinMs: 25_000 })
  expect(scene.connects()).toBe(1)
})

test.concurrent('a run at a venue that limits, fails and cuts ends in the truth', async () => {
  const products = ['BTC-USD']
  await using sim = await startSimulator({
    products,
    tradesPerSecond: 200,
    historyMinutes: 2,
    retryAfter: true,
  })
  sim.inject({ kind: 'rest_429', retryAfterSeconds: 1, path: '/products' })
  await using scene = await startScene(sim, { 'venues.coinbase.products': products })
  await until(() => scene.accepted() > 50, { what: 'trades flow' })
  for (const kind of [
    'rest_429',
    'rest_status',
    'rest_html',
    'rest_truncate',
    'rest_slow',
  ] as const)
    sim.inject({ kind, path: '/trades' })
  sim.inject({ kind: 'drop', product: 'BTC-USD', count: 30 })
  await until(() => sim.faults.every(({ hits }) => hits > 0), {
    what: 'all faults strike',
    withinMs: 25_000,
  })
  sim.setTrading(false)
  const isWhole = async () => scene.caughtUp() && (await scene.holes()) === 0
  await until(isWhole, { what: 'whole', withinMs: 25_000 })
  expect(sim.stats.requestsWhileBanned).toBe(0)
  const held = await assayJson('trades', 'BTC-USD', ...scene.at, '--limit', '100000')
  const first = Number(held[0].trade_id)
  const truth = [...sim.truth()].filter(({ trade_id }) => trade_id >= first)
  expect(held.map((row: { trade_id: string }) => Number(row.trade_id))).toEqual(
    truth.map(({ trade_id }) => trade_id),
  )
})
