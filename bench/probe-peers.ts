import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadRegions } from '../src/locate/regions.ts'
import { dotted } from '../src/model/address-set.ts'
import { censusOfSnapshot } from '../src/pipeline/census.ts'
import { censusOf } from '../src/store/census-sql.ts'
import { all, openDatabase } from '../src/store/duckdb.ts'
import { findSnapshot, isOfRecords } from '../src/store/snapshots.ts'
import { installed, quoted } from './measure.ts'
import { print, ratio, type Row } from './probe-rows.ts'
import { alive, network, ownPort, ports, routerMac, timeoutMs } from './probe-stage.ts'

const length = 20
const prefix = `${network}.0.0/${length}`
/** Packets a second of those that are told one: what masscan loses little at. */
const rate = 5000

const nmapTuned = '-sT -T4 --min-rate 5000 --max-retries 1 -sV'
const nmap = (options: string, list: string): string =>
  `nmap -n -Pn ${options} -p ${ports.join(',')} -oG ${quoted(list)} ${prefix} > /dev/null; echo "$(grep -oE '[0-9]+/open/tcp//smtp' ${quoted(list)} | wc -l) named smtp" >&2`

/** How many endpoints of its list have a line of a kind. */
const endpoints = (kind: string, list: string): string =>
  `$(awk '/^${kind} tcp/ { print $3, $4 }' ${quoted(list)} | sort -u | wc -l)`

const masscan = (list: string): string =>
  `masscan ${prefix} -p ${ports.join(',')} --rate ${rate} --seed 1 --banners --source-port ${ownPort} --wait 3 -oL ${quoted(list)} > /dev/null 2>&1; echo "${endpoints('open', list)} open, ${endpoints('banner', list)} banners" >&2`

/** With no settings and no list of the system's, which leaves out what is private. */
const zmap = (list: string): string =>
  `zmap -C /dev/null -b /dev/null -G ${routerMac()} -p ${ports[0]} -r ${rate} --seed 1 -c 3 -q --disable-syslog -o ${quoted(list)} ${prefix} > /dev/null; echo "$(sort -u ${quoted(list)} | wc -l) open" >&2`

/** What `nmap -T4` waits at first (`--initial-rtt-timeout`, nmap(1)). */
const nmapTimeoutMs = 500

/** `census probe` on a /20 of the mix, and the scanners that are installed, each on the same. */
export async function measurePeers(
  folder: string,
  store: string,
  timed: (name: string, shell: string) => Promise<Row>,
  census: (timeoutMs: number) => string,
): Promise<void> {
  const list = (name: string): string => join(folder, `${name}.txt`)
  const own = await timed('`census probe`, snapshot included', census(timeoutMs))
  const hasty = await timed(`\`census probe --timeout ${nmapTimeoutMs}\`, snapshot included`, census(nmapTimeoutMs))
  const rows = [own, hasty]
  const lines: string[] = [
    `live endpoints: ${alive(length) * ports.length}, ${alive(length)} of them at port ${ports[0]}`,
  ]
  if (installed('nmap')) {
    const plain = await timed('`nmap -sV -T4`', nmap('-sV -T4', list('plain')))
    const tuned = await timed(`\`nmap ${nmapTuned}\``, nmap(nmapTuned, list('tuned')))
    rows.push(plain, tuned)
    for (const [ms, ours] of [
      [timeoutMs, own],
      [nmapTimeoutMs, hasty],
    ] as const)
      lines.push(
        `waiting ${ms} ms, ${ratio(plain, ours)} times as fast as \`nmap -sV -T4\` (promised: 10), ${ratio(tuned, ours)} times as fast as tuned (promised: 3)`,
      )
    const ours = await mailIn(store)
    for (const name of ['plain', 'tuned']) {
      const named = namedByNmap(readFileSync(list(name), 'latin1'))
      const missed = named.filter((endpoint) => !ours.has(endpoint))
      lines.push(`named smtp by nmap (${name}): ${named.length}, of which not by us: ${missed.length} (promised: 0)`)
    }
  }
  if (installed('masscan'))
    rows.push(await timed(`\`masscan --banners\`, ${rate} packets a second`, masscan(list('masscan'))))
  if (installed('zmap'))
    rows.push(await timed(`\`zmap\`, port ${ports[0]} alone, ${rate} packets a second`, zmap(list('zmap'))))
  print(`/${length} × ${ports.length} ports, over a wire`, rows, lines)
}

/** The endpoints that are mail servers in its list (`-oG`). */
const namedByNmap = (text: string): string[] =>
  [...text.matchAll(/^Host: (\S+) .*\tPorts: ([^\t\n]*)/gm)].flatMap(([, address, told = '']) =>
    [...told.matchAll(/(\d+)\/open\/tcp\/\/smtp\//g)].map(([, port]) => `${address}:${port}`),
  )

/** The endpoints that the snapshot of a store has as mail servers. */
async function mailIn(store: string): Promise<ReadonlySet<string>> {
  const snapshot = await findSnapshot(store, undefined)
  if (!isOfRecords(snapshot)) throw new Error('a probe makes a snapshot of records')
  const { folder } = await censusOfSnapshot(snapshot, await loadRegions(), {})
  const database = await openDatabase({ folders: [folder], temporary: folder })
  try {
    const rows = await all(
      database.connection,
      `SELECT address::VARCHAR AS address, port::VARCHAR AS port FROM ${censusOf(folder).rows} WHERE service = 'smtp'`,
    )
    return new Set(
      rows.map(({ address, port }) => `${dotted(Number.parseInt(String(address).slice(-8), 16))}:${String(port)}`),
    )
  } finally {
    database.close()
  }
}
