import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startSimulator } from '../../sim/index.ts'
import { assayJson, tempFolder } from '../integration/bad-support.ts'
import { startCli } from '../integration/cli-support.ts'
import { until } from '../integration/collect-support.ts'

const MIB_MAX = 400

/** Largest resident memory a process ever had, in MiB. */
function peakMib(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1024
}

const isTold = process.platform === 'linux'
const why = isTold ? '' : ' (skipped: only Linux tells the peak)'

test.skipIf(!isTold)(
  `a frame of 64 MB costs a reconnect, a healed hole and no memory${why}`,
  async () => {
    const products = ['BTC-USD']
    await using sim = await startSimulator({ products, tradesPerSecond: 200, historyMinutes: 1 })
    using folder = tempFolder()
    const at = ['--data', folder.path]
    const flags = [
      '--venues',
      'coinbase',
      '--ws-url',
      sim.wsUrl,
      '--rest-url',
      sim.restUrl,
      '--products',
      'BTC-USD',
    ]
    await using run = startCli('run', ...flags, ...at, '--json')
    const connects = () => run.said().split('connected to Coinbase').length - 1
    await until(() => connects() === 1, { what: 'connected', withinMs: 25_000 })
    for (let times = 1; times <= 3; times += 1) {
      sim.inject({ kind: 'oversized', bytes: 64 * 1024 * 1024 })
      await until(() => connects() === times + 1, { what: 'connected again', withinMs: 25_000 })
    }
    expect(run.said()).toContain('Max payload size exceeded')
    sim.setTrading(false)
    const held = () => assayJson('trades', 'BTC-USD', ...at, '--limit', '1000000')
    const isWhole = async () => {
      const trades = await held()
      const truth = [...sim.truth()].filter((one) => one.trade_id >= Number(trades[0].trade_id))
      return trades.length === truth.length
    }
    await until(isWhole, { what: 'every hole is healed', withinMs: 20_000 })
    const peak = peakMib(run.child.pid as number)
    run.child.kill('SIGTERM')
    expect((await run.ended).status).toBe(0)
    const ids = (await held()).map(({ trade_id }: { trade_id: number }) => trade_id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(await assayJson('gaps', ...at, '--open')).toEqual([])
    expect(peak).toBeLessThan(MIB_MAX)
  },
)
