import type { AssayServices } from '../../assets/index.ts'
import { createTicker, type Runner } from '../../flow/index.ts'
import type { RunRow, RunState } from '../../warehouse/index.ts'
import { endingOf } from '../collect-flags.ts'
import type { Call } from '../command.ts'
import type { FlowFlags } from '../commands/flow.ts'
import { EXIT, type ExitStatus } from '../exit-status.ts'
import { showCount } from '../format.ts'
import { keepFlowing, openFlow, tellWarnings } from '../open-flow.ts'
import { printFacts, printJson } from '../output.ts'
import { createStatusLine } from '../status-line.ts'
import { printRun, toldRun } from './materialize.ts'

/** Keeps scheduled assets made, or does once what is due. */
export async function keepFlow({
  context,
  flags,
}: Call<FlowFlags>): Promise<ExitStatus | undefined> {
  const { json, clock } = context
  const ending = endingOf(context, flags.seconds)
  const ends = new Map<RunState, number>()
  const line = createStatusLine({ clock })
  await using flow = await openFlow(context, {
    command: 'flow',
    signal: ending.signal,
    listener: tellWarnings(context),
  })
  const onRun = (run: RunRow) => {
    ends.set(run.state, (ends.get(run.state) ?? 0) + 1)
    if (json) line.show(() => flowText(ends))
    else if (run.reason !== 'unchanged') printRun(toldRun(run))
  }
  ending.begin()
  if (flags.once) await flowOnce(flow.runner, onRun)
  else await keepFlowing(context, flow, onRun)
  line.end()
  if (json) printJson(Object.fromEntries(STATES.map((state) => [state, ends.get(state) ?? 0])))
  else printFacts(STATES.map((state) => [state, showCount(ends.get(state) ?? 0)] as const))
  return flags.once && (ends.get('failed') ?? 0) > 0 ? EXIT.failed : undefined
}

const STATES = ['succeeded', 'skipped', 'failed', 'cancelled'] as const

/** Does what is due, and what comes due by it, until nothing is left that can begin. */
async function flowOnce(
  runner: Runner<AssayServices>,
  onRun: (run: RunRow) => void,
): Promise<void> {
  const ticker = createTicker(runner)
  await ticker.queueDue()
  for (;;) {
    await ticker.follow()
    const claimed = await runner.claim()
    if (claimed === null) return
    const run = await runner.attempt(claimed)
    if (run !== null) onRun(run)
  }
}

function flowText(ends: ReadonlyMap<RunState, number>): string {
  return STATES.map((state) => `${showCount(ends.get(state) ?? 0)} ${state}`).join('  ')
}
