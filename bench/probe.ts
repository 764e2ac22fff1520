import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchmark, installed, machine, markdownTable, median, quoted, run, type Run } from './measure.ts'

/*
 * `npm run bench:probe`: a /16 by five ports in a network namespace of its own, of which 1/64 of the addresses answer, 1/16
 * refuse and the others are silent, asked by `census probe`, by a bare loop of net.connect with as many in flight, and by
 * peers of Debian's that are installed. What it prints on standard output is the table of docs/performance.md.
 */

const usage = 'npm run bench:probe [-- --runs 3 --in-flight 19000 --peers]'
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    'in-flight': { type: 'string', default: '19000' },
    /** nmap and masscan, too, which take minutes. */
    peers: { type: 'boolean', default: false },
  },
})
const network = '10.1'
const ports = ['25', '465', '587', '2525', '26']
const timeoutMs = 1500
const living = (65_536 / 64) * ports.length

/** Nothing leaves: every address is this namespace's own, and rules decide which of them there are. */
function raise(): void {
  const rules = `table inet stage {
  chain output {
    type filter hook output priority 0; policy accept;
    ip daddr != ${network}.0.0/16 accept
    ip saddr ${network}.0.0/16 tcp sport { ${ports.join(', ')} } accept
    ip daddr & 0.0.0.63 == 0 accept
    ip daddr & 0.0.0.15 == 1 reject with tcp reset
    drop
  }
}
`
  const steps: readonly (readonly [string, readonly string[], string?])[] = [
    ['ip', ['link', 'set', 'lo', 'up']],
    ['ip', ['route', 'add', 'local', `${network}.0.0/16`, 'dev', 'lo']],
    ['sysctl', ['-qw', 'net.core.somaxconn=65535']],
    ['nft', ['-f', '-'], rules],
  ]
  for (const [command, args, input] of steps) {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', ...(input === undefined ? {} : { input }) })
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
  }
}

const here = (name: string): string => quoted(fileURLToPath(new URL(`stage/${name}`, import.meta.url)))
const node = quoted(process.execPath)

/** Resolves when the servers of the stage listen. */
async function listening(): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: `${network}.0.64`, port: Number(ports.at(-1)) })
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the servers of the stage do not listen')
}

interface Measured extends Run {
  readonly found: string
}

async function measured(command: string, folder: string): Promise<Measured> {
  const said = join(folder, 'said.txt')
  const one = await run(`${command} 2> ${quoted(said)}`, folder)
  return { ...one, found: readFileSync(said, 'utf8').trim().split('\n').at(-1) ?? '' }
}

async function measure(folder: string): Promise<void> {
  raise()
  const server: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL('stage/server.mjs', import.meta.url)), ...ports],
    { stdio: 'ignore' },
  )
  try {
    await listening()
    const scope = join(folder, 'scope.yaml')
    const store = join(folder, 'store')
    writeFileSync(
      scope,
      `owner: Bench\ncontact: bench@example.net\nauthorisation: a namespace of its own\nvalid: {from: 2000-01-01, to: 2099-12-31}\naddresses: 65536\ncoverage: partial\nvantage: inside\nprivate: true\nranges: [${network}.0.0/16]\nrate: {per_second: 1000000, per_prefix: 1000000}\n`,
    )
    const flight = values['in-flight']
    const commands: readonly (readonly [string, string])[] = [
      [
        'bare loop of `net.connect`',
        `${node} ${here('bare.mjs')} ${network} ${flight} ${timeoutMs} ${ports.join(' ')}`,
      ],
      ...(['1', '2'] as const).map(
        (workers) =>
          [
            `\`census probe --workers ${workers}\`, snapshot included`,
            `rm -rf ${quoted(store)}; ${node} ${here('census.mjs')} ${quoted(scope)} ${quoted(store)} ${workers} ${flight} ${timeoutMs} ${ports.join(' ')}`,
          ] as const,
      ),
      ...(values.peers && installed('nmap')
        ? [
            [
              '`nmap -sT -T4 --min-rate 5000 --max-retries 1 --script=banner`, a /20',
              `nmap -n -Pn -sT -T4 --min-rate 5000 --max-retries 1 --script=banner -p ${ports.join(',')} -oG - ${network}.0.0/20 | grep -o /open/ | wc -l >&2`,
            ] as const,
          ]
        : []),
    ]
    const rows: string[][] = []
    const medians: number[] = []
    for (const [name, command] of commands) {
      const runs: Measured[] = []
      for (let nth = 0; nth < Number(values.runs); nth++) runs.push(await measured(command, folder))
      const seconds = median(runs.map((each) => each.seconds))
      medians.push(seconds)
      rows.push([
        name,
        `${seconds.toFixed(1)} s`,
        `${median(runs.map((each) => each.processorSeconds)).toFixed(1)} s`,
        `${Math.round(median(runs.map((each) => each.peakMiB)))} MiB`,
        [...new Set(runs.map((each) => each.found))].join('; '),
      ])
    }
    const [bare = Number.NaN, ours = Number.NaN, two = Number.NaN] = medians
    console.log(`${machine()}; ${flight} in flight, ${timeoutMs} ms, medians of ${values.runs} runs.\n`)
    console.log(markdownTable([`/16 × ${ports.length} ports`, 'time', 'processor', 'peak memory', 'found'], rows))
    console.log(`\n- ${(ours / bare).toFixed(2)} times the bare loop's time (promised: 1.15)`)
    console.log(`- ${(two / ours).toFixed(2)} times its own time with a second worker (promised: 0.75)`)
    console.log(`- live endpoints: ${living}`)
  } finally {
    server.kill()
    rmSync(join(folder, 'store'), { recursive: true, force: true })
  }
}

const sound = /^[1-9]\d?$/.test(values.runs) && /^[1-9]\d{1,5}$/.test(values['in-flight'])
if (process.env['CENSUS_STAGE'] === undefined) {
  // Once more, in a network namespace from which nothing can leave.
  const { status } = spawnSync('unshare', ['-n', process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, CENSUS_STAGE: '1' },
  })
  process.exitCode = status ?? 1
} else await benchmark(usage, sound, measure)
