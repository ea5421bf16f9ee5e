import { reportFailure } from './boundary.ts'
import { createProgram } from './program.ts'

// Whoever read our output has gone, as `head` does: nothing is left to be said, or to whom.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
}

const typed = process.argv.slice(2)
const told = {
  json: typed.includes('--json'),
  verbose: typed.includes('--verbose') || typed.includes('-v'),
}

let isOver = false
// A command that waits for what can no longer happen would end in silence, as if it were done.
process.on('beforeExit', () => {
  if (isOver) return
  isOver = true
  process.exitCode = reportFailure(new Error('the command stopped before its end'), told)
})
createProgram()
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    process.exitCode = reportFailure(error, told)
  })
  .finally(() => {
    isOver = true
  })
