import { Worker } from 'node:worker_threads'
import { AssayError, type ErrorCode } from '../core/errors.ts'
import type { RefineTotals } from '../silver/refiner.ts'
import { venueFiles } from '../venues/index.ts'
import type { Answerer } from './answers.ts'
import type { FromRefiner, Questions, RefineJob, ToRefiner } from './refine-messages.ts'

/** The refiner, in a thread of its own, as the thread that holds the sockets sees it. */
export interface RefineThread extends Answerer {
  /** Tells that the own log is durable below `pos`. */
  tellDurable(pos: number): void
  /** Facts accepted since the start. */
  readonly accepted: number
  /** Position below which the own log is refined. */
  readonly checkpoint: number
  onCommit(listener: (commit: Commit) => void): void
  /** Refines all that is durable, then ends the thread. */
  stop(): Promise<RefineTotals>
  /** Rejects when the refiner ends by itself, with what it failed of. */
  readonly failed: Promise<never>
}

/** One commit of the refiner. */
export type Commit = Extract<FromRefiner, { type: 'committed' }>

/** Starts the refiner and waits until it holds the warehouse. */
export async function startRefineThread(job: Omit<RefineJob, 'venueFiles'>): Promise<RefineThread> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const worker = new Worker(new URL(`./refine-worker.${extension}`, import.meta.url), {
    workerData: { ...job, venueFiles: venueFiles() } satisfies RefineJob,
  })
  const tell = (message: ToRefiner) => worker.postMessage(message)
  const questions = createQuestions((id, question) => tell({ type: 'ask', id, question }))
  const ready = Promise.withResolvers<void>()
  const stopped = Promise.withResolvers<RefineTotals>()
  const failed = Promise.withResolvers<never>()
  for (const { promise } of [stopped, failed]) promise.catch(() => {})
  const listeners: ((commit: Commit) => void)[] = []
  let accepted = 0
  let checkpoint = 0
  let isStopped = false
  const fail = (error: unknown) => {
    questions.end(error)
    for (const { reject } of [ready, stopped, failed]) reject(error)
  }
  worker.on('error', fail)
  worker.on('exit', () => {
    const error = new AssayError('ASSAY_WAREHOUSE_UNAVAILABLE', 'the refiner ended')
    if (isStopped) questions.end(error)
    else fail(error)
  })
  worker.on('message', (message: FromRefiner) => {
    if (message.type === 'ready') ready.resolve()
    else if (message.type === 'failed') fail(failureOf(message))
    else if (message.type === 'answer') questions.answer(message.id, message.answer)
    else if (message.type === 'stopped') {
      isStopped = true
      stopped.resolve(message.totals)
    } else {
      accepted += message.accepted
      if (message.log === job.ownLog) checkpoint = message.pos
      for (const listener of listeners) listener(message)
    }
  })
  await ready.promise
  return {
    tellDurable: (pos) => tell({ type: 'durable', log: job.ownLog ?? '', pos }),
    holes: () => questions.ask('holes'),
    candleGaps: () => questions.ask('candleGaps'),
    brokenBooks: () => questions.ask('brokenBooks'),
    get accepted() {
      return accepted
    },
    get checkpoint() {
      return checkpoint
    },
    onCommit: (listener) => listeners.push(listener),
    stop() {
      tell({ type: 'stop' })
      return stopped.promise
    },
    failed: failed.promise,
  }
}

/** Questions to the refiner that wait for their answers. */
interface Asking {
  ask<Q extends keyof Questions>(question: Q): Promise<Questions[Q]>
  answer(id: number, answer: Questions[keyof Questions]): void
  /** Refuses those that wait, and all that are asked from now on. */
  end(error: unknown): void
}

function createQuestions(post: (id: number, question: keyof Questions) => void): Asking {
  const asked = new Map<number, PromiseWithResolvers<never>>()
  let nextId = 0
  let failure: unknown = null
  return {
    ask(question) {
      if (failure !== null) return Promise.reject(failure)
      const waiting = Promise.withResolvers<never>()
      asked.set(nextId, waiting)
      post(nextId, question)
      nextId += 1
      return waiting.promise
    },
    answer(id, answer) {
      asked.get(id)?.resolve(answer as never)
      asked.delete(id)
    },
    end(error) {
      failure ??= error
      // Each question is refused by itself: racing a promise that lives on would hold them all.
      for (const question of asked.values()) question.reject(error)
      asked.clear()
    },
  }
}

function failureOf(message: Extract<FromRefiner, { type: 'failed' }>): Error {
  if (message.code !== null) return new AssayError(message.code as ErrorCode, message.message)
  const error = new Error(message.message)
  error.stack = message.stack
  return error
}
