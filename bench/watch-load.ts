import { readFileSync } from 'node:fs'

/** What was seen of a pipeline at one moment. */
export interface Sample {
  readonly rssMb: number
  /** Records written but not yet committed as rows. */
  readonly behind: number
  /** Processor seconds a second since the sample before: this process, its main thread. */
  readonly cpu: number
  readonly mainCpu: number
  /** The same of the process that feeds it; `null` where the system does not tell. */
  readonly feedCpu: number | null
}

const EVERY_MS = 1000
const MIB = 1024 * 1024
// Linux counts processor time in hundredths of a second.
const TICK_US = 10_000

/** Samples this process once a second; `stop` returns all there are. */
export function startSampling(feedPid: number, behind: () => number): { stop(): Sample[] } {
  const samples: Sample[] = []
  let before = readTimes(feedPid)
  const timer = setInterval(() => {
    const now = readTimes(feedPid)
    const per = (key: 'cpuUs' | 'mainUs') => (now[key] - before[key]) / (now.us - before.us)
    const { feedUs } = now
    const feedCpu =
      feedUs === null || before.feedUs === null
        ? null
        : (feedUs - before.feedUs) / (now.us - before.us)
    const rssMb = process.memoryUsage.rss() / MIB
    samples.push({ rssMb, behind: behind(), cpu: per('cpuUs'), mainCpu: per('mainUs'), feedCpu })
    before = now
  }, EVERY_MS)
  return {
    stop() {
      clearInterval(timer)
      return samples
    },
  }
}

function readTimes(feedPid: number) {
  const sum = ({ user, system }: NodeJS.CpuUsage) => user + system
  return {
    us: performance.now() * 1000,
    cpuUs: sum(process.cpuUsage()),
    mainUs: sum(process.threadCpuUsage()),
    feedUs: processUs(feedPid),
  }
}

function processUs(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name may hold blanks: the fields after it begin with the state, the third.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * TICK_US
  } catch {
    return null
  }
}
