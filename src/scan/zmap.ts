import { readFile } from 'node:fs/promises'
import { addressText, type AddressNumber, type AddressSet } from '../model/address-set.ts'
import { wrongInput } from '../model/errors.ts'
import { excludedFile, rangeLines, synRate, targetsFile, waitSeconds, type SynTool } from './syn-tool.ts'

/*
 * Of what zmap 2.1.1 (Debian 12) does the following was measured: it asks one port in a run; it reads neither its system-wide
 * settings nor the list of what it is not to ask where others are named; and it looks for the router’s hardware address for
 * ever where it is the only neighbour, so that it is told that.
 */

const settingsFile = 'settings.conf'

export const zmap: SynTool = {
  version: /^zmap (\d\S*)/m,
  leastRate: 1,

  check: async () => void (await router()),

  files: async ({ targets, excluded }) => {
    const { device, hardware } = await router()
    return {
      [targetsFile]: prefixLines(targets),
      [excludedFile]: prefixLines(excluded),
      [settingsFile]: `interface "${device}"\ngateway-mac "${hardware}"\n`,
    }
  },

  commands: (scan) =>
    scan.ports.map(
      (port) =>
        `zmap --config ${settingsFile} --whitelist-file ${targetsFile} --blacklist-file ${excludedFile} --target-port ${port}` +
        ` --rate ${synRate(scan.scope)} --seed ${scan.seed} --cooldown-time ${waitSeconds(scan)}` +
        ' --output-module csv --output-fields saddr,sport,classification --quiet --disable-syslog',
    ),

  // 192.0.2.1,80,synack
  toldIn: (line) => {
    const [, address, port, kind] = /^(\d[\d.]{6,14}),(\d{1,5}),(synack|rst)$/.exec(line) ?? []
    return address === undefined ? undefined : { isOpen: kind === 'synack', address, port: Number(port) }
  },

  chatter: /\[(INFO|DEBUG|TRACE)\]/,
}

/** The IPv4 addresses of a set as prefixes (RFC 4632), a line each. */
export const prefixLines = (set: AddressSet): string =>
  rangeLines(set, (from, last) => {
    let text = ''
    for (let first = from; first <= last;) {
      const size = largestAt(first, last)
      text += `${addressText(first)}/${33 - size.toString(2).length}\n`
      first += size
    }
    return text
  })

/** How many addresses the largest prefix has that begins with the first and goes no further than the last. */
function largestAt(first: AddressNumber, last: AddressNumber): bigint {
  let size = 1n
  while (first % (2n * size) === 0n && first + 2n * size - 1n <= last) size *= 2n
  return size
}

/** The default router, and its address on the link (proc(5): /proc/net/route, /proc/net/arp). */
async function router(): Promise<{ readonly device: string; readonly hardware: string }> {
  const [routes, neighbours] = await Promise.all(
    ['route', 'arp'].map(async (name) => (await readFile(`/proc/net/${name}`, 'latin1')).split('\n').slice(1)),
  )
  const [best] = (routes ?? [])
    .map((line) => line.split(/\s+/))
    .filter(([, destination, gateway, , , , , mask]) => [destination, mask].every(isZero) && !isZero(gateway))
    .toSorted((a, b) => Number(a[6]) - Number(b[6]))
  const refuse = (why: string, hint: string): never => {
    throw wrongInput(`--discovery zmap: ${why}`, `${hint}; nothing was sent`)
  }
  if (best === undefined) return refuse('there is no default router, to which zmap sends all', 'probe without it')
  const [device = '', , gateway = ''] = best
  // In the machine’s byte order: little-endian wherever Debian has zmap but on s390x.
  const address = Buffer.from(gateway, 'hex').toReversed().join('.')
  const hardware = (neighbours ?? [])
    .map((line) => line.split(/\s+/))
    .find(([ip, , , mac, , of]) => ip === address && of === device && mac !== noHardware)?.[3]
  if (hardware === undefined)
    return refuse(
      `the hardware address of the router ${address} is not known`,
      'reach something through it first, or probe without it',
    )
  return { device, hardware }
}

const isZero = (hex: string | undefined): boolean => hex === '00000000'
const noHardware = '00:00:00:00:00:00'
