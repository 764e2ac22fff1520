import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { addressText, isOfIPv4, type AddressSet } from '../model/address-set.ts'
import { failed, wrongInput } from '../model/errors.ts'
import type { Scope } from '../model/scope.ts'

/*
 * masscan as a first stage: one SYN to each port of each IPv4 address of a scope. Of what masscan 1.3.2 (Debian 12) does
 * the following was measured: it reads its system-wide configuration whatever it is told, asks several times where it is
 * to ask twice (`--retries`), loses answers to its first packets, does not end before a packet arrives, and takes no note of packets that could not be sent.
 */

/** What it is to ask. */
export interface SynScan {
  readonly scope: Scope
  readonly ports: readonly number[]
  readonly seed: number
  /** How long answers to the last packet are waited for. */
  readonly connectMs: number
}

/** What it told of a port. */
export interface Told {
  readonly isOpen: boolean
  readonly address: string
  readonly port: number
}

const systemWide = '/etc/masscan/masscan.conf'
const [targetsFile, excludedFile] = ['targets.txt', 'excluded.txt']

/**
 * Packets a second: half of what the scope allows any one prefix, of which masscan knows nothing. It goes faster than it is
 * told, and catches up what it missed while it was held up: together, up to twice as much in a second.
 */
export const synRate = ({ rate }: Pick<Scope, 'rate'>): number => Math.min(rate.perSecond, rate.perPrefix) / 2

/** The command: what it asks are files in the folder it is started in. */
export const masscanCommand = ({ scope, ports, seed, connectMs }: SynScan): string =>
  `masscan --includefile ${targetsFile} --excludefile ${excludedFile} --ports ${ports.join(',')}` +
  ` --rate ${synRate(scope)} --seed ${seed} --wait ${Math.max(2, Math.ceil(connectMs / 1000))} --show open,closed -oL -`

/** The IPv4 ranges of a set, a line each. */
export const rangeLines = ({ ranges }: AddressSet): string =>
  ranges
    .filter(({ first }) => isOfIPv4(first))
    .map(({ first, last }) => `${addressText(first)}-${addressText(last)}\n`)
    .join('')

/** A line of its list (`open tcp 80 192.0.2.1 1629960470`); undefined for any other. */
export function toldIn(line: string): Told | undefined {
  const [, state, port, address] = /^(open|closed) tcp (\d{1,5}) (\d[\d.]{6,14}) \d+$/.exec(line) ?? []
  return address === undefined ? undefined : { isOpen: state === 'open', address, port: Number(port) }
}

/**
 * Whether masscan can be started here, and would do as it is told.
 * @returns its version
 * @throws CensusError exit 2
 */
export async function masscanVersion(): Promise<string> {
  const refuse = (why: string, hint: string): never => {
    throw wrongInput(`--discovery masscan: ${why}`, `${hint}; nothing was sent`)
  }
  const { stdout } = spawnSync('masscan', ['--version'], { encoding: 'utf8' })
  const version = /^Masscan version (\S+)/m.exec(stdout ?? '')?.[1]
  if (version === undefined) return refuse('masscan is not installed', 'Debian’s package is masscan')
  if (spawnSync('setpriv', ['--pdeathsig', 'KILL', '--', 'stdbuf', '-oL', 'true']).status !== 0)
    refuse(
      'there is no setpriv, which ends masscan when this process ends, or no stdbuf',
      'Debian’s packages are util-linux and coreutils',
    )
  if (!(await mayGiveRawSockets()))
    refuse('raw sockets need root, or CAP_NET_RAW among the ambient capabilities', 'probe without it, or as root')
  const isThere = await stat(systemWide).then(
    () => true,
    () => false,
  )
  if (isThere) refuse(`masscan would read ${systemWide}, which may add to what it asks`, 'move that file away')
  return version
}

/** Whether a program that this process starts may open raw sockets (capabilities(7): CAP_NET_RAW is bit 13). */
async function mayGiveRawSockets(): Promise<boolean> {
  const text = await readFile('/proc/self/status', 'latin1').catch(() => '')
  const isRoot = /^Uid:\s+\d+\s+0\s/m.test(text)
  const held = new RegExp(`^${isRoot ? 'CapEff' : 'CapAmb'}:\\s+([\\da-f]+)$`, 'm').exec(text)?.[1] ?? '0'
  return (BigInt(`0x${held}`) & (1n << 13n)) !== 0n
}

/**
 * Runs it until it ends; it is killed when the scope's time ends, and by the kernel when this process ends.
 * @throws CensusError exit 2 when the scope's time ended, 1 when it failed, or sent fewer packets than it was to
 */
export async function runMasscan(asked: SynScan, onTold: (told: Told) => void): Promise<void> {
  const { scope, ports } = asked
  const folder = await mkdtemp(join(tmpdir(), 'census-masscan-'))
  try {
    const targets = rangeLines(scope.targets)
    await writeFile(join(folder, targetsFile), targets, { mode: 0o600 })
    await writeFile(join(folder, excludedFile), rangeLines(scope.excluded), { mode: 0o600 })
    const before = await packetsSent()
    const child = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', '--', 'stdbuf', '-oL', ...masscanCommand(asked).split(' ')],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: Math.min(Math.max(1, scope.valid.to - Date.now()), 2 ** 31 - 1),
        killSignal: 'SIGKILL',
      },
    )
    let said = ''
    let isLate = false
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4096)
      // Its wait is over, and it would end at the next packet that arrives: on a quiet line, never.
      isLate ||= /waiting -[1-9]\d*-secs/.test(said) && child.kill('SIGKILL')
    })
    const gone = new Promise<number | string>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve(signal ?? code ?? 0))
    })
    const lines = createInterface({ input: child.stdout }).on('line', (line) => {
      const told = toldIn(line)
      if (told !== undefined) onTold(told)
    })
    const how = await gone.finally(() => lines.close())
    if (child.killed && !isLate)
      throw wrongInput('the scope is not valid any more: it ended while masscan asked', 'nothing is kept')
    if (how !== 0 && !isLate)
      throw failed(`masscan failed (${how}): ${lastWords(said)}`, 'nothing is kept; try without --discovery')
    const [sent, wanted] = [(await packetsSent()) - before, countOfIPv4(scope.targets) * ports.length]
    if (sent < wanted)
      throw failed(
        `masscan ended well, but this machine sent ${Math.max(0, sent)} packets of ${wanted}`,
        'is the network up?',
      )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** How many addresses of a set are of IPv4. */
export const countOfIPv4 = ({ ranges }: AddressSet): number =>
  ranges.reduce((sum, { first, last }) => sum + (isOfIPv4(first) ? Number(last - first) + 1 : 0), 0)

/** Its last line that is neither its progress nor advice. */
const lastWords = (said: string): string =>
  said
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .findLast((line) => line !== '' && !/^(rate:|\[hint\])/.test(line)) ?? 'it said nothing'

/** Packets that left by any interface but loopback so far (proc_net(5), /proc/net/dev): others’ too, so at least masscan’s. */
async function packetsSent(): Promise<number> {
  const text = await readFile('/proc/net/dev', 'latin1')
  return [...text.matchAll(/^\s*(?!lo:)\S+:(.*)$/gm)].reduce(
    (sum, [, counters = '']) => sum + Number(counters.trim().split(/\s+/)[9] ?? 0),
    0,
  )
}
