// Makes a fresh clone ready. Plain JavaScript, because it runs before there is anything else:
// under whatever Node is there, from 18 on.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'

// npm's own settings may say otherwise (a production environment, scripts switched off, engines
// enforced against the Node that runs npm); what is needed here does not depend on them.
const CI = [
  'ci',
  '--include=dev',
  '--include=optional',
  '--ignore-scripts=false',
  '--engine-strict=false',
  '--no-audit',
  '--no-fund',
  // Warnings about the engines of the Node that runs npm: everything runs under the pinned one.
  '--loglevel=error',
]

/** Returns the path of the pinned Node of a checkout. */
export function pinnedNode(root) {
  return join(root, 'node_modules', 'node', 'bin', 'node')
}

/**
 * Installs the locked dependencies if they differ from what is installed. Talks on standard
 * error only. Throws if that fails.
 */
export function ensureSetup(root) {
  if (outOfDate(root) !== null) inTurn(root, () => setUp(root))
  linkCommand(root)
}

function setUp(root) {
  // Asked again: another run may have done it while this one waited its turn.
  const why = outOfDate(root)
  if (why === null) return
  console.error(`assay: setting up (${why}): npm ci, once, usually under a minute`)
  install(root)
  const still = outOfDate(root)
  if (still !== null) throw new Error(`npm ci ended, but ${still}`)
}

// `npm test` in one terminal and `npm run demo` in another must not install over each other.
function inTurn(root, act) {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16)
  const turn = join(tmpdir(), `assay-setup-${name}`)
  const mine = `${turn}-${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    waitForTurn(mine, turn)
    act()
  } finally {
    if (holderOf(turn) === process.pid) rmSync(turn, { force: true })
    rmSync(mine, { force: true })
  }
}

function waitForTurn(mine, turn) {
  for (let told = false; ; told = true) {
    try {
      // A link appears whole, with the number of its process inside.
      linkSync(mine, turn)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!isAlive(holderOf(turn))) {
      rmSync(turn, { force: true })
      continue
    }
    if (!told) console.error('assay: another command is setting up; waiting for it')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
}

function holderOf(turn) {
  try {
    return Number(readFileSync(turn, 'utf8'))
  } catch {
    return 0
  }
}

function isAlive(pid) {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Returns why an install is needed, or null. */
export function outOfDate(root) {
  const locked = packages(join(root, 'package-lock.json'))
  if (locked === null) throw new Error(`${root} has no package-lock.json to install from`)
  const installed = packages(join(root, 'node_modules', '.package-lock.json'))
  if (installed === null) return 'nothing is installed'
  for (const [path, entry] of Object.entries(locked)) {
    if (path === '' || entry.link) continue
    const there = installed[path]
    // An optional one may be for another system.
    if (there === undefined && entry.optional) continue
    const same = there?.version === entry.version && there?.integrity === entry.integrity
    if (!same) return `${path.replace(/^.*node_modules\//, '')} is not as locked`
  }
  return nodeProblem(root, locked['node_modules/node']?.version)
}

function packages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return null
  }
}

function nodeProblem(root, version) {
  const { stdout } = spawnSync(pinnedNode(root), ['--version'], { encoding: 'utf8' })
  return stdout?.trim() === `v${version}` ? null : `Node ${version} is not in place`
}

function install(root) {
  const result = spawnSync(...npmCommand(CI), {
    cwd: root,
    // Standard output is the program's, not ours.
    stdio: ['ignore', 2, 2],
  })
  if (result.error) throw new Error(`npm cannot be started: ${result.error.message}`)
  if (result.status !== 0) throw new Error('npm ci failed; what it said stands above')
}

function npmCommand(args) {
  const npm = process.env.npm_execpath
  // Only npm's own: under another package manager the variable names that one.
  if (npm && basename(npm) === 'npm-cli.js') return [process.execPath, [npm, ...args]]
  return ['npm', args]
}

// `npx assay` looks here first; npm links the commands of dependencies only, not a package's own.
function linkCommand(root) {
  const link = join(root, 'node_modules', '.bin', 'assay')
  if (existsSync(link)) return
  try {
    symlinkSync(join('..', '..', 'bin', 'assay.mjs'), link)
  } catch {
    // Another run was quicker, or the folder is read-only; `npm run assay` works all the same.
  }
}

/**
 * Runs the pinned Node with these arguments in place of this process: its streams, its signals
 * and its exit status are passed on. Does not return.
 */
export function become(root, args) {
  const bin = join(root, 'node_modules', '.bin')
  const child = spawn(pinnedNode(root), args, {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
  })
  // A terminal gives Ctrl-C to every process of the foreground; passing it on as well would
  // make two of one.
  for (const signal of ['SIGINT', 'SIGQUIT']) {
    process.on(signal, () => process.stdin.isTTY || child.kill(signal))
  }
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal))
  }
  stopWithNpm(child)
  child.on('error', (error) => {
    console.error(`assay: the pinned Node cannot be started: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

// npm passes SIGTERM to the shell it started, and many shells die of it without telling us. A
// pipeline left running behind a command that has ended would hold its locks for ever.
function stopWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, 250)
  watch.unref()
}
