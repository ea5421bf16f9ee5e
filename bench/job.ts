import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const CACHE = fileURLToPath(new URL('../node_modules/.cache/assay', import.meta.url))

/** Returns the file of a job, by its name. */
export function jobEntry(name: string): URL {
  return new URL(`./${name}.ts`, import.meta.url)
}

/** Children under way, to be ended with us. */
const running = new Set<() => void>()

/** Ends every job under way. */
export function endJobs(): void {
  for (const end of running) end()
}

/**
 * Runs one measurement in a process of its own, so that none inherits another's memory, warmed
 * code or open files, and returns what it found.
 *
 * @param entry the file whose {@link answerJob} is to be asked.
 */
export async function runJob<Result>(entry: URL, task: object): Promise<Result> {
  const args = [fileURLToPath(entry), JSON.stringify(task)]
  // As the program itself does, so that starting a thread does not strip types anew.
  const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? CACHE
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE },
  })
  const end = () => child.kill('SIGKILL')
  running.add(end)
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [status, signal] = await once(child, 'close')
  running.delete(end)
  if (status !== 0) throw new Error(`${entry.pathname} ended with ${signal ?? status}`)
  return JSON.parse(said) as Result
}

/** Does the task this process was started for, and tells the result on standard output. */
export async function answerJob<Task, Result>(
  work: (task: Task) => Result | Promise<Result>,
): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '{}') as Task
  const result = await work(task)
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
