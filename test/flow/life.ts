import { AssayError } from '../../src/core/errors.ts'
import { createRandom } from '../../src/core/random.ts'
import { type AssetGraph, createRunner, runFlow } from '../../src/flow/index.ts'
import type { Warehouse } from '../../src/warehouse/index.ts'
import { clockOf, type World } from './world.ts'

/** How often things go wrong, of one; `calm` makes all of it stop. */
export interface Faults {
  /** At each commit or read. */
  readonly op: number
  /** Whenever a sleep ends. */
  readonly sleep: number
  isCalm: boolean
}

/** What a process of the flow is told. */
export interface LifeOptions {
  readonly world: World
  readonly warehouse: Warehouse
  readonly graph: AssetGraph<SimServices>
  readonly seed: string
  readonly faults: Faults
  readonly skewUs: () => number
  readonly mend: SimServices['mend']
  /** Called once it is over: killed, or stopped as asked. */
  readonly onEnd: (how: 'killed' | 'stopped') => void
  readonly onTrouble: (error: unknown) => void
}

/** What the assets of the simulation are given. */
export interface SimServices {
  readonly holder: string
  /** Changes the facts of an hour, now. */
  readonly mend: (hourUs: number) => void
}

/** A process that runs the flow, for as long as it lives. */
export interface Life {
  stop(): void
  kill(): void
}

const LEASE_MS = 360_000
const HEARTBEAT_MS = 120_000
const PAUSE_MS_MAX = 14_400_000

const FATES = [
  ...(['die before', 'die within', 'die after', 'die after'] as const),
  ...(['pause before', 'pause after', 'fail before', 'fail after'] as const),
]

type Fate = (typeof FATES)[number] | 'none'

const never = () => new Promise<never>(() => undefined)

class Killed extends Error {}

/**
 * Starts a process of the flow whose every step may be its last: it is killed before, within or
 * after a commit, stands still past its lease, or loses the answer.
 */
export function startLife(options: LifeOptions): Life {
  const { world, warehouse, graph, seed, faults, skewUs, onEnd } = options
  const random = createRandom(seed)
  let state = 'alive' as 'alive' | 'paused' | 'over'
  let frozen: (() => void)[] = []
  const end = (how: 'killed' | 'stopped') => {
    if (state === 'over') return
    state = 'over'
    onEnd(how)
  }
  const pause = () => {
    if (state !== 'alive') return
    state = 'paused'
    // Often long enough that another looks twice, and takes over what is under way here.
    world.at(world.nowMs + random.next() ** 2 * PAUSE_MS_MAX, () => {
      if (state === 'paused') state = 'alive'
      const thawed = frozen
      frozen = []
      if (state === 'alive') for (const go of thawed) go()
    })
  }
  /** Goes on once the process does: later where it stands still, never where it is dead. */
  const go = (resolve: () => void) => {
    if (state === 'paused') frozen.push(resolve)
    else if (state === 'alive') resolve()
  }
  const living = () => (state === 'alive' ? undefined : new Promise<void>(go))
  const isOver = () => state === 'over'
  const hits = (chance: number) => !faults.isCalm && random.next() < chance
  const clock = clockOf(world, skewUs, (resolve) => {
    if (hits(faults.sleep)) end('killed')
    go(resolve)
  })

  async function act<T>(fate: Fate, op: () => Promise<T>): Promise<T> {
    await living()
    if (fate === 'die before') end('killed')
    if (fate === 'pause before') pause()
    await living()
    if (fate === 'fail before') throw locked()
    const result = await op().catch((error: unknown) => {
      if (error instanceof Killed) return never()
      throw error
    })
    if (fate === 'die after') end('killed')
    if (fate === 'pause after') pause()
    await living()
    if (fate === 'fail after') throw locked()
    return result
  }
  const fateOf = (): Fate => (hits(faults.op) ? random.pick(FATES) : 'none')
  const seen: Warehouse = {
    generation: warehouse.generation,
    read: (work) => act(fateOf(), () => warehouse.read(work)),
    write(work) {
      const fate = fateOf()
      return act(fate, () =>
        warehouse.write(async (tx) => {
          // Dead while it waited for its turn, or in the midst of it: nothing is committed.
          if (isOver()) throw new Killed()
          const result = await work(tx)
          if (fate === 'die within') end('killed')
          if (isOver()) throw new Killed()
          return result
        }),
      )
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
  const stopping = new AbortController()
  const runner = createRunner<SimServices>({
    warehouse: seen,
    graph,
    services: { holder: seed, mend: options.mend },
    clock,
    random,
    holder: seed,
    signal: stopping.signal,
    leaseMs: LEASE_MS,
    heartbeatMs: HEARTBEAT_MS,
  })
  const tickMs = 900_000 + random.next() * 2_700_000
  const told = { tickMs, followMs: tickMs * 2, onTrouble: options.onTrouble }
  void runFlow(runner, told).then(
    () => end('stopped'),
    (error: unknown) => {
      options.onTrouble(error)
      end('killed')
    },
  )
  return { stop: () => stopping.abort(), kill: () => end('killed') }
}

const locked = () =>
  new AssayError('ASSAY_LOCKED', 'the store did not answer in time', { retry: 'backoff' })
