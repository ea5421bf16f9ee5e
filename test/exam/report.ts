import type { ExamFindings } from './exam.ts'
import { demandsOf } from './verdict.ts'

type Fact = readonly [name: string, value: string]

const NAME_COLUMNS = 18
const WRONG_SHOWN = 30

/** Returns an examination as people read it. */
export function reportOf(findings: ExamFindings): string {
  const demands = demandsOf(findings)
  const facts = [...tradeFacts(findings), ...feedFacts(findings)]
  const wrong = findings.wrong.slice(0, WRONG_SHOWN)
  return [
    ...facts.map(([name, value]) => `${name.padEnd(NAME_COLUMNS)}${value}`),
    '',
    ...demands.map(({ name, found, isMet }) => `${isMet ? 'holds ' : 'FAILED'}  ${name}: ${found}`),
    ...(wrong.length === 0 ? [] : ['', ...wrong]),
    '',
    demands.every(({ isMet }) => isMet) ? 'passed' : 'FAILED',
  ].join('\n')
}

function tradeFacts({ options, seconds, sitting, trades, candles }: ExamFindings): Fact[] {
  const minutes = (seconds / 60).toFixed(1)
  const healed = sitting.healSeconds.toFixed(1)
  const { complete, beyondEvidence, incomplete, unexplained } = candles
  return [
    ['seed', options.seed],
    ['in all', `${minutes} minutes, healed ${healed} s after the last trade`],
    [
      'trades',
      `${trades.made} made in scope, ${trades.held} held, ${trades.listed} listed as lost`,
    ],
    ['out of scope', `${trades.outOfScope} made while a product was refused to the very end`],
    ['told to no socket', `${trades.undelivered} in ${trades.holes} holes`],
    // Neither socket nor REST had these: by all the evidence there is, their ids were skipped.
    ['never told at all', `${trades.hiddenAsNever} of the lost, listed as never having existed`],
    ['candles', `${complete} complete, ${beyondEvidence} of them short of those never told at all`],
    ['incomplete', `${incomplete} candles, ${unexplained} of them without a hole that explains it`],
  ]
}

function feedFacts(findings: ExamFindings): Fact[] {
  const { stalls, restarts, memory, requests } = findings
  const { total, falseQuiet, falseBusy } = restarts
  const sizes = [memory.early, memory.late, memory.peak].map(show)
  return [
    ['stalls measured', `${stalls.noticedMs.length}, overtaken by another end ${stalls.overtaken}`],
    ['noticed after', `${stalls.noticedMs.map((ms) => ms.toFixed(0)).join(' ')} ms`],
    ['driven anew', `${total}, without a ground ${falseQuiet} quiet and ${falseBusy} busy`],
    ['connections', `${findings.connects}`],
    ['requests', `${requests.total}, ${requests.limited} beyond a limit`],
    ['memory', `${sizes[0]} early, ${sizes[1]} late, ${sizes[2]} at most`],
    ['raw records', `${findings.records}`],
    ['faults', listOf(findings.faultsByKind)],
    ['holes', listOf(findings.holesByVerdict)],
    ['books', `${findings.bookSeconds} seconds, breaks: ${listOf(findings.bookBreaks) || 'none'}`],
    ['incidents', listOf(findings.incidentsByCause)],
  ]
}

function show(mebibytes: number | null): string {
  return mebibytes === null ? 'unknown' : `${mebibytes.toFixed(0)} MiB`
}

function listOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
