import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../../src/core/clock.ts'

const run = promisify(execFile)

const VERSION = '4.3.1'
/** Outside of the checkout, and kept: 44 MB. */
const LIBRARIES = join(tmpdir(), 'assay-test-cache', `kafka-${VERSION}`)
const READY_MS_MAX = 60_000

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>assay</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>${VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>2.25.4</version>
    </dependency>
  </dependencies>
</project>
`

/**
 * Makes sure that the broker is on this machine, fetching it once.
 *
 * @returns why it cannot be had, or `null` where it can.
 */
export async function installKafka(): Promise<string | null> {
  if (existsSync(LIBRARIES)) return null
  for (const [tool, args] of [
    ['java', ['-version']],
    ['mvn', ['-version']],
  ] as const) {
    const found = await run(tool, args).then(
      () => true,
      () => false,
    )
    if (!found) return `${tool} is not installed`
  }
  const folder = `${LIBRARIES}.${process.pid}`
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'pom.xml'), POM)
  const copy = ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime']
  try {
    await run('mvn', [...copy, '-DoutputDirectory=libs'], { cwd: folder, timeout: 600_000 })
    renameSync(folder, LIBRARIES)
    return null
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    // Somebody else fetched it meanwhile.
    if (existsSync(LIBRARIES)) return null
    const [line = ''] = (error as Error).message.split('\n').slice(1)
    return `Maven could not fetch Kafka: ${line.slice(0, 200)}`
  }
}

/** A broker of its own, on this machine alone. */
export interface KafkaBroker extends AsyncDisposable {
  readonly address: string
  /** Kills it as a power cut would; its data stay. */
  kill(): Promise<void>
  /** Starts it again where it was killed. */
  restart(): Promise<void>
}

/** Starts a broker on free ports and waits until it answers. */
export async function startKafka(): Promise<KafkaBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-kafka-'))
  const [port, controllerPort] = [await freePort(), await freePort()]
  const properties = join(folder, 'server.properties')
  writeFileSync(properties, settings({ folder, port, controllerPort }))
  const cluster = Buffer.from('assay-lineage-tests').toString('base64url').slice(0, 22)
  await run('java', [...JAVA, 'kafka.tools.StorageTool', 'format', '-t', cluster, '-c', properties])
  const address = `127.0.0.1:${port}`
  let child = await launch(properties, port)
  const kill = async () => {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return {
    address,
    kill,
    async restart() {
      child = await launch(properties, port)
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const JAVA = [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-cp',
  `${LIBRARIES}/libs/*`,
]

function settings(of: { folder: string; port: number; controllerPort: number }): string {
  const { folder, port, controllerPort } = of
  const lines = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(folder, 'log'),
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'min.insync.replicas': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
  }
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

async function launch(properties: string, port: number): Promise<ChildProcess> {
  const child = spawn('java', [...JAVA, 'kafka.Kafka', properties], { stdio: 'ignore' })
  const startMs = systemClock.monotonicMs()
  while (!(await canBind(port, false))) {
    const late = systemClock.monotonicMs() - startMs > READY_MS_MAX
    if (late || child.exitCode !== null) {
      child.kill('SIGKILL')
      throw new Error(`Kafka did not start (exit code ${child.exitCode})`)
    }
    await systemClock.sleep(200)
  }
  return child
}

/** Whether a port is free; or with `wanted` false, whether somebody listens there. */
async function canBind(port: number, wanted: boolean): Promise<boolean> {
  const server = createServer()
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (isFree) await new Promise((resolve) => server.close(resolve))
  return isFree === wanted
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
