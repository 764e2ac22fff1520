import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benchmark, machine, quoted } from './measure.ts'
import { measurePeers } from './probe-peers.ts'
import { print, rateRatio, ratio, row, type Row } from './probe-rows.ts'
import {
  alive,
  network,
  node,
  ports,
  raise,
  scopeOf,
  staged,
  stagePath,
  start,
  startMail,
  thin,
  timeoutMs,
  timePrefix,
  wire,
} from './probe-stage.ts'

/*
 * `npm run bench:probe`: `census probe` in network namespaces of its own, against a bare loop of Node's and, where they are
 * installed, nmap, masscan and zmap. What it prints on standard output are the tables of docs/performance.md, one for each part:
 *
 * - mix: a /16 by five ports, of which 1/64 of the addresses answer, 1/16 refuse and the others are silent
 * - growth: a /20, a /18 and a /16 of the mix
 * - open: a /16 all of which answers on a port
 * - udp: a /14 of time servers
 * - nmap: a /20 by five ports of the mix at the other end of a wire, against nmap, masscan and zmap
 */

const known = ['mix', 'growth', 'open', 'udp', 'nmap']
const usage = `npm run bench:probe [-- --part ${known.join(',')} --runs 3 --in-flight 19000]`
const { values } = parseArgs({
  options: {
    part: { type: 'string', default: known.join(',') },
    runs: { type: 'string', default: '3' },
    'in-flight': { type: 'string', default: '19000' },
  },
})
const flight = values['in-flight']
const parts = values.part.split(',')

/** `census probe`, snapshot included. */
const census = (scope: string, store: string, workers: number, waitMs = timeoutMs): string =>
  `rm -rf ${quoted(store)}; ${node} ${staged('census.mjs')} ${quoted(scope)} ${quoted(store)} ${workers} ${flight} ${waitMs} ${ports.join(' ')}`

/** Its asking alone, with so many in flight in each of its processes. */
const asking = (scope: string, store: string, workers: number, most: string, door: string): string =>
  `rm -rf ${quoted(store)}; ${node} ${staged('ask.mjs')} ${quoted(scope)} ${quoted(store)} ${workers} ${most} ${timeoutMs} ${quoted(door)}`

const bare = (asked: readonly string[]): string =>
  `${node} ${staged('bare.mjs')} ${network} ${flight} ${timeoutMs} ${asked.join(' ')}`

/** The parts in which servers and askers share a namespace, and those at the ends of a wire. */
async function measure(folder: string): Promise<void> {
  const isWired = process.env[stageVariable] === 'wire'
  const store = join(folder, 'store')
  const timed = (name: string, shell: string): Promise<Row> => row(name, shell, folder, Number(values.runs))
  const stage = isWired ? await wire() : raise()
  const servers = [await startMail(stage)]
  try {
    if (isWired) {
      thin(stage)
      await measurePeers(folder, store, timed, (waitMs) => census(scopeOf(folder, 20), store, 1, waitMs))
      return
    }
    console.log(`${machine()}; ${flight} in flight, ${timeoutMs} ms, medians of ${values.runs} runs.\n`)
    const scope = scopeOf(folder, 16)
    if (parts.includes('open')) {
      const rows = [
        await timed('bare loop of `net.connect`', bare(['2525'])),
        await timed('the asking of `census probe`', asking(scope, store, 1, flight, 'tcp/2525 smtp')),
      ]
      print('/16, all open', rows, [
        `${rateRatio(rows[1], rows[0])} times the bare loop’s banners a second (promised: 0.8)`,
      ])
    }
    if (parts.includes('udp')) {
      servers.push(start(stage, ['python3', stagePath('ntp.py')]))
      await new Promise((resolve) => setTimeout(resolve, 1000))
      const wide = scopeOf(folder, 14, timePrefix)
      const rows = [
        await timed('one bare socket', `${node} ${staged('bare-udp.mjs')} ${timePrefix} 2000 ${timeoutMs}`),
        await timed('the asking of `census probe`', asking(wide, store, 1, '2000', 'udp/123 ntp')),
        await timed('the asking of `census probe --workers 2`', asking(wide, store, 2, '1000', 'udp/123 ntp')),
      ]
      print('/14 of time servers', rows, [
        `${rateRatio(rows[1], rows[0])} times the bare socket’s replies a second (promised: 0.8)`,
      ])
    }
    thin(stage)
    if (parts.includes('mix')) {
      const rows = [
        await timed('bare loop of `net.connect`', bare(ports)),
        await timed('`census probe`, snapshot included', census(scope, store, 1)),
        await timed('`census probe --workers 2`, snapshot included', census(scope, store, 2)),
      ]
      print(`/16 × ${ports.length} ports`, rows, [
        `${ratio(rows[1], rows[0])} times the bare loop’s time (promised: 1.15)`,
        `${ratio(rows[2], rows[1])} times its own time with a second worker (promised: 0.75)`,
        `live endpoints: ${alive(16) * ports.length}`,
      ])
    }
    if (parts.includes('growth')) await measureGrowth(folder, store, timed)
  } finally {
    for (const server of servers) server.kill()
    stage.close()
    rmSync(store, { recursive: true, force: true })
  }
}

/** What a census takes whatever its size (start, a host’s timeouts one after another, snapshot) is what the smallest takes. */
async function measureGrowth(
  folder: string,
  store: string,
  timed: (name: string, shell: string) => Promise<Row>,
): Promise<void> {
  const lengths = [30, 20, 18, 16]
  const sizes: { readonly length: number; readonly probes: number; readonly row: Row }[] = []
  for (const length of lengths) {
    const probes = 2 ** (32 - length) * ports.length
    const name = `/${length}: ${probes.toLocaleString('en')} probes`
    sizes.push({ length, probes, row: await timed(name, census(scopeOf(folder, length), store, 1)) })
  }
  const [least, ...others] = sizes
  if (least === undefined) return
  print(
    `\`census probe\` × ${ports.length} ports`,
    sizes.map((size) => size.row),
    others.map(({ length, probes, row: { seconds } }) => {
      const beyond = seconds - least.row.seconds
      return `/${length}: ${beyond.toFixed(1)} s more than the /${least.length}, ${((beyond * 1e6) / probes).toFixed(0)} ms per 1,000 probes`
    }),
  )
}

const stageVariable = 'CENSUS_STAGE'
const sound =
  /^[1-9]\d?$/.test(values.runs) && /^[1-9]\d{1,5}$/.test(flight) && parts.every((part) => known.includes(part))
if (process.env[stageVariable] === undefined) {
  // Once more, in network namespaces from which nothing can leave.
  const kinds = [...(parts.some((part) => part !== 'nmap') ? ['own'] : []), ...(parts.includes('nmap') ? ['wire'] : [])]
  for (const kind of kinds) {
    const { status } = spawnSync('unshare', ['-n', process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
      stdio: 'inherit',
      env: { ...process.env, [stageVariable]: kind },
    })
    process.exitCode = status ?? 1
    if (status !== 0) break
  }
} else await benchmark(usage, sound, measure)
