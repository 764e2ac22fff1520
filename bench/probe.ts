import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { benchmark, installed, machine, markdownTable, median, quoted, run, type Run } from './measure.ts'

/*
 * `npm run bench:probe`: `census probe` in a network namespace of its own, against a bare loop of Node's and, where it is
 * installed, nmap. What it prints on standard output are the tables of docs/performance.md, one for each part:
 *
 * - mix: a /16 by five ports, of which 1/64 of the addresses answer, 1/16 refuse and the others are silent
 * - open: a /16 all of which answers on a port
 * - udp: a /16 of time servers
 * - nmap: a /20 by five ports of the mix, against nmap
 */

const usage = 'npm run bench:probe [-- --part mix,open,udp,nmap --runs 3 --in-flight 19000]'
const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'mix,open,udp,nmap' },
    runs: { type: 'string', default: '3' },
    'in-flight': { type: 'string', default: '19000' },
  },
})
const network = '10.1'
const ports = ['25', '465', '587', '2525', '26']
const timeoutMs = 1500
const flight = values['in-flight']

const command = (name: string, args: readonly string[], input?: string): void => {
  const { status, stderr } = spawnSync(name, args, { encoding: 'utf8', ...(input === undefined ? {} : { input }) })
  if (status !== 0) throw new Error(`${name} ${args.join(' ')}: ${stderr}`)
}

/** Nothing leaves: every address is this namespace's own, and rules decide which of them there are. */
function raise(): void {
  command('ip', ['link', 'set', 'lo', 'up'])
  command('ip', ['route', 'add', 'local', `${network}.0.0/16`, 'dev', 'lo'])
  command('sysctl', ['-qw', 'net.core.somaxconn=65535'])
  command('sysctl', ['-qw', 'net.ipv4.tcp_max_syn_backlog=65535'])
}

/** Only 1/64 of the addresses answers, and 1/16 refuses. */
const mixed = `table inet stage {
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

const path = (name: string): string => fileURLToPath(new URL(`stage/${name}`, import.meta.url))
const here = (name: string): string => quoted(path(name))
const node = quoted(process.execPath)

/** Resolves when the servers of the stage listen. */
async function listening(port: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: `${network}.0.64`, port: Number(port) })
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

interface Row {
  readonly seconds: number
  /** Of the last number in what was found. */
  readonly perSecond: number
  readonly cells: readonly string[]
}

async function row(name: string, shell: string, folder: string): Promise<Row> {
  const runs: Measured[] = []
  for (let nth = 0; nth < Number(values.runs); nth++) {
    const said = join(folder, 'said.txt')
    const one = await run(`${shell} 2> ${quoted(said)}`, folder)
    runs.push({ ...one, found: readFileSync(said, 'utf8').trim().split('\n').at(-1) ?? '' })
  }
  const seconds = median(runs.map((each) => each.seconds))
  const found = median(runs.map((each) => Number(/(\d+)\D*$/.exec(each.found)?.[1])))
  return {
    seconds,
    perSecond: found / seconds,
    cells: [
      name,
      `${seconds.toFixed(1)} s`,
      `${median(runs.map((each) => each.processorSeconds)).toFixed(1)} s`,
      `${Math.round(median(runs.map((each) => each.peakMiB)))} MiB`,
      [...new Set(runs.map((each) => each.found))].join('; '),
    ],
  }
}

function print(title: string, rows: readonly Row[], lines: readonly string[]): void {
  const header = [title, 'time', 'processor', 'peak memory', 'found']
  console.log(
    markdownTable(
      header,
      rows.map(({ cells }) => cells),
    ),
  )
  console.log(['', ...lines.map((line) => `- ${line}`), ''].join('\n'))
}

/** What is found a second, against another. */
const rateRatio = (a: Row | undefined, b: Row | undefined): string =>
  ((a?.perSecond ?? Number.NaN) / (b?.perSecond ?? Number.NaN)).toFixed(2)

const ratio = (a: Row | undefined, b: Row | undefined): string =>
  ((a?.seconds ?? Number.NaN) / (b?.seconds ?? Number.NaN)).toFixed(2)

/** `census probe`, snapshot included. */
const census = (scope: string, store: string, workers: number, asked: readonly string[]): string =>
  `rm -rf ${quoted(store)}; ${node} ${here('census.mjs')} ${quoted(scope)} ${quoted(store)} ${workers} ${flight} ${timeoutMs} ${asked.join(' ')}`

/** Its asking alone. */
const asking = (scope: string, store: string, most: string, doors: readonly string[]): string =>
  `rm -rf ${quoted(store)}; ${node} ${here('ask.mjs')} ${quoted(scope)} ${quoted(store)} ${most} ${timeoutMs} ${doors.map(quoted).join(' ')}`

const bare = (asked: readonly string[]): string =>
  `${node} ${here('bare.mjs')} ${network} ${flight} ${timeoutMs} ${asked.join(' ')}`

async function measure(folder: string): Promise<void> {
  const parts = new Set(values.part.split(','))
  const store = join(folder, 'store')
  const scopeOf = (length: number): string => {
    const file = join(folder, `scope-${length}.yaml`)
    writeFileSync(
      file,
      `owner: Bench\ncontact: bench@example.net\nauthorisation: a namespace of its own\nvalid: {from: 2000-01-01, to: 2099-12-31}\naddresses: ${2 ** (32 - length)}\ncoverage: partial\nvantage: inside\nprivate: true\nranges: [${network}.0.0/${length}]\nrate: {per_second: 1000000, per_prefix: 1000000}\n`,
    )
    return file
  }
  const servers: ChildProcess[] = []
  const serve = (name: string, args: readonly string[]): void =>
    void servers.push(spawn(name, args, { stdio: 'ignore' }))
  raise()
  try {
    serve(process.execPath, [path('server.mjs'), ...ports])
    await listening(ports.at(-1) ?? '')
    console.log(`${machine()}; ${flight} in flight, ${timeoutMs} ms, medians of ${values.runs} runs.\n`)
    const scope = scopeOf(16)
    if (parts.has('open')) {
      const rows = [
        await row('bare loop of `net.connect`', bare(['2525']), folder),
        await row('the asking of `census probe`', asking(scope, store, flight, ['tcp/2525 smtp']), folder),
      ]
      print('/16, all open', rows, [
        `${rateRatio(rows[1], rows[0])} times the bare loop’s banners a second (promised: 0.8)`,
      ])
    }
    if (parts.has('udp')) {
      serve('python3', [path('ntp.py')])
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const rows = [
        await row('one bare socket', `${node} ${here('bare-udp.mjs')} ${network} 2000 ${timeoutMs}`, folder),
        await row('the asking of `census probe`', asking(scope, store, '2000', ['udp/123 ntp']), folder),
      ]
      print('/16 of time servers', rows, [
        `${rateRatio(rows[1], rows[0])} times the bare socket’s replies a second (promised: 0.8)`,
      ])
    }
    command('nft', ['-f', '-'], mixed)
    if (parts.has('mix')) {
      const rows = [
        await row('bare loop of `net.connect`', bare(ports), folder),
        await row('`census probe`, snapshot included', census(scope, store, 1, ports), folder),
        await row('`census probe --workers 2`, snapshot included', census(scope, store, 2, ports), folder),
      ]
      print(`/16 × ${ports.length} ports`, rows, [
        `${ratio(rows[1], rows[0])} times the bare loop’s time (promised: 1.15)`,
        `${ratio(rows[2], rows[1])} times its own time with a second worker (promised: 0.75)`,
        `live endpoints: ${(65_536 / 64) * ports.length}`,
      ])
    }
    if (parts.has('nmap') && installed('nmap')) {
      const nmap = (options: string): string =>
        `nmap -n -Pn ${options} -p ${ports.join(',')} -oG - ${network}.0.0/20 | grep -oE '[0-9]+/open/tcp//smtp' | wc -l >&2`
      const tuned = '-sT -T4 --min-rate 5000 --max-retries 1 -sV'
      const rows = [
        await row('`nmap -sV -T4`', nmap('-sV -T4'), folder),
        await row(`\`nmap ${tuned}\``, nmap(tuned), folder),
        await row('`census probe`, snapshot included', census(scopeOf(20), store, 1, ports), folder),
      ]
      print(`/20 × ${ports.length} ports`, rows, [
        `${ratio(rows[0], rows[2])} times as fast as \`nmap -sV -T4\` (promised: 10), ${ratio(rows[1], rows[2])} times as fast as tuned (promised: 3)`,
        `live endpoints: ${(4096 / 64) * ports.length}`,
      ])
    }
  } finally {
    for (const server of servers) server.kill()
    rmSync(store, { recursive: true, force: true })
  }
}

const known = ['mix', 'open', 'udp', 'nmap']
const sound =
  /^[1-9]\d?$/.test(values.runs) &&
  /^[1-9]\d{1,5}$/.test(flight) &&
  values.part.split(',').every((part) => known.includes(part))
if (process.env['CENSUS_STAGE'] === undefined) {
  // Once more, in a network namespace from which nothing can leave.
  const { status } = spawnSync('unshare', ['-n', process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, CENSUS_STAGE: '1' },
  })
  process.exitCode = status ?? 1
} else await benchmark(usage, sound, measure)
